/// Backups of a log, also while a writer runs.
///
/// A backup is a directory with a manifest and copies of segments (FORMAT.md, "Backups"). A second backup of a log to the
/// same directory copies only new segments and the end of the log, and replaces the manifest last. A crash at any moment
/// leaves the backup before it or the new one. Each function may be called from any thread, but a target takes one call
/// at a time.
public enum LogBackup {
    /// The figures of a backup.
    public struct Summary: Hashable, Sendable {
        /// The identifier of the log.
        public var logID: LogID
        /// The number of segments in the backup.
        public var segmentCount: Int
        /// The number of segments that this call copied.
        public var copiedSegmentCount: Int
        /// The size of the backup in bytes, without zeros at the end of the newest segment.
        public var byteCount: Int
        /// The number of bytes that this call copied.
        public var copiedByteCount: Int
        /// The first record in the backup, or the number after the last one if there is none.
        public var firstSequence: SequenceNumber
        /// The last record in the backup.
        public var lastSequence: SequenceNumber
        /// The highest sequence number that the log had given when it was copied.
        public var highestSequence: SequenceNumber
    }

    /// The last record that a restore keeps.
    public enum RestorePoint: Hashable, Sendable {
        /// The last record of the backup.
        case end
        /// This record. A batch that ends after it is left out.
        case sequence(SequenceNumber)
        /// The last record before the first one that is later than this time.
        case time(Timestamp)
    }

    /// The figures of a restored log.
    public struct Restored: Hashable, Sendable {
        /// The first record in the log, or the number after the last one if there is none.
        public var firstSequence: SequenceNumber
        /// The last record in the log.
        public var lastSequence: SequenceNumber
        /// The highest of the sequence numbers that the log never gives again.
        public var highestSequence: SequenceNumber
        /// The number of segments from the backup.
        public var segmentCount: Int
    }

    /// The consumer that keeps the log's segments during a backup, and until the next one.
    static let consumerName = "backup"

    /// Copies a log's durable records to a directory, and reads the copies back. Suspends until that is done.
    ///
    /// During the copy, and for the lifetime after it, the log's writer keeps the segments that are newer than the last
    /// backup, because the call owns the log's consumer `backup`.
    ///
    /// - Parameters:
    ///   - directory: The log's directory.
    ///   - target: The backup's directory, made if it isn't there. It is empty, or has an earlier backup of this log.
    ///   - lifetime: The time for which the writer keeps new segments for the next backup, from 1 s to 100 years.
    /// - Returns: The figures of the backup.
    /// - Throws:
    ///   - ``WALError/Code/locked`` during another backup of the log.
    ///   - ``WALError/Code/corrupted`` if a segment or the existing backup is damaged.
    ///   - ``WALError/Code/notALogDirectory`` if there is no log, or if the target has other files or the backup of
    ///     another log.
    ///   - ``WALError/Code/invalidArgument`` if the lifetime is out of range.
    ///   - ``WALError/Code/versionTooNew``, ``WALError/Code/diskFull``, ``WALError/Code/inputOutput``.
    public static func make(
        of directory: String, to target: String, lifetime: Duration = .seconds(3600)
    ) async throws(WALError) -> Summary {
        try await Blocking.run { () throws(WALError) in
            try makeBlocking(of: directory, to: target, lifetime: lifetime)
        }
    }

    /// Copies a log's durable records to a directory, like ``make(of:to:lifetime:)``. Blocks until that is done.
    @available(*, noasync, message: "Blocks the thread. Await make(of:to:lifetime:) instead.")
    public static func makeBlocking(
        of directory: String, to target: String, lifetime: Duration = .seconds(3600)
    ) throws(WALError) -> Summary {
        guard lifetime >= .seconds(1), lifetime <= .seconds(36_525 * 86_400) else {
            throw WALError(.invalidArgument, "A backup's lifetime is 1 s to 100 years, not \(lifetime).")
        }
        let log = try ReadOnlyLog(at: directory)
        let owner = try ConsumerOwner(consumerName, of: log, lifetime: lifetime, pinnedBytesMax: .max) { .zero }
        do throws(WALError) {
            var writer = try BackupWriter(of: log, in: Directory.make(target), owner, lifetime: lifetime)
            let summary = try writer.run()
            try owner.end(at: summary.lastSequence, isDone: true)
            return summary
        } catch {
            // The first error counts. If the end isn't saved, the consumer expires.
            try? owner.end(at: owner.position, isDone: false)
            throw error
        }
    }

    /// Restores a log from a backup into an empty place, and verifies it. Suspends until that is done.
    ///
    /// The log is restored next to its place, in a directory with the suffix `.restoring`, which is renamed at the end.
    /// The restored log gives no sequence number that the backup's source had given when it was copied.
    ///
    /// - Parameters:
    ///   - target: The backup's directory.
    ///   - directory: The log's new directory. It doesn't exist, or is empty.
    ///   - point: The last record to restore.
    /// - Returns: The figures of the restored log.
    /// - Throws:
    ///   - ``WALError/Code/corrupted`` if the backup is damaged.
    ///   - ``WALError/Code/notALogDirectory`` if there is no backup, or if the directory isn't empty.
    ///   - ``WALError/Code/invalidArgument`` if the directory's path doesn't end with a name.
    ///   - ``WALError/Code/removed`` if the backup begins after the restore point.
    ///   - ``WALError/Code/versionTooNew``, ``WALError/Code/diskFull``, ``WALError/Code/inputOutput``.
    public static func restore(
        _ target: String, to directory: String, upTo point: RestorePoint = .end
    ) async throws(WALError) -> Restored {
        try await Blocking.run { () throws(WALError) in try restoreBlocking(target, to: directory, upTo: point) }
    }

    /// Restores a log from a backup, like ``restore(_:to:upTo:)``. Blocks until that is done.
    @available(*, noasync, message: "Blocks the thread. Await restore(_:to:upTo:) instead.")
    public static func restoreBlocking(
        _ target: String, to directory: String, upTo point: RestorePoint = .end
    ) throws(WALError) -> Restored {
        try BackupRestore(of: target, to: directory).run(upTo: point)
    }
}
