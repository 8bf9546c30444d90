/// One restore of a log from a backup.
struct BackupRestore {
    private let backup: Directory
    private let manifest: BackupManifest
    private let parent: Directory
    private let name: String
    private let place: String

    private static let suffix = ".restoring"
    /// The size of the segment that the opening begins. No record is appended to it.
    private static let segmentSize = 1 << 20

    init(of target: String, to directory: String) throws(WALError) {
        guard let backup = try ifExists({ () throws(WALError) in try Directory(path: target) }),
            let manifest = try BackupManifest(in: backup)
        else {
            throw WALError(.notALogDirectory, "\(target) contains no backup. Name the directory of one.")
        }
        self.backup = backup
        self.manifest = manifest
        var path = directory
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        place = path
        let slash = path.lastIndex(of: "/")
        name = String(slash.map { path[path.index(after: $0)...] } ?? path[...])
        let parentPath = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard !["", ".", ".."].contains(name) else {
            throw WALError(.invalidArgument, "A log can't be restored as \(directory). Name a new directory.")
        }
        parent = try Directory(path: parentPath)
        try requireEmpty()
    }

    func run(upTo point: LogBackup.RestorePoint) throws(WALError) -> LogBackup.Restored {
        let staging = try emptyStaging()
        for segment in manifest.segments { try copy(segment, to: staging) }
        let wasReplica = try ReadOnlyLog(at: staging.path).replicatedLog != nil
        try cut(staging, upTo: point)
        try staging.sync()
        let remaining = try ReadOnlyLog(at: staging.path)
        let last = try remaining.lastSequence.rawValue
        // A cut may remove the promotion of a log that was a replica. The restored log is promoted again, above all
        // numbers that the log has given since.
        let isReplica = try remaining.replicatedLog != nil
        if last < manifest.highestSequence { try skip(last + 1...manifest.highestSequence, in: staging) }
        // Opening verifies every byte, seals the last segment, and refuses damage.
        var configuration = WriteAheadLog.Configuration()
        configuration.damagePolicy = .strict
        configuration.recoveryScope = .everything
        configuration.segmentSize = Self.segmentSize
        configuration.maxPreparedSegments = 1
        configuration.publishesStatus = false
        let log = try WriteAheadLog(
            in: staging, configuration: configuration,
            as: isReplica && !wasReplica ? .promotion(above: SequenceNumber(rawValue: manifest.highestSequence)) : .any)
        try log.closeBlocking()
        let restored = LogBackup.Restored(
            firstSequence: try ReadOnlyLog(at: staging.path).firstSequence,
            lastSequence: SequenceNumber(rawValue: last),
            highestSequence: SequenceNumber(rawValue: manifest.highestSequence),
            segmentCount: manifest.segments.count { $0.firstSequence <= max(last, 1) })
        try requireEmpty()
        try parent.rename(name + Self.suffix, to: name)
        try parent.sync()
        return restored
    }

    // MARK: Places

    private func requireEmpty() throws(WALError) {
        guard let existing = try parent.existingFolder(name) else { return }
        guard try existing.names().isEmpty else {
            throw WALError(.notALogDirectory, "\(place) isn't empty. Restore into a new directory.")
        }
    }

    /// Returns the directory of the restore, after removing the files of an interrupted restore.
    private func emptyStaging() throws(WALError) -> Directory {
        let staging = try parent.folder(name + Self.suffix)
        let names = try staging.names()
        let own = [
            DirectoryLock.fileName, RecoveryIntent.fileName, RecoveryIntent.fileName + ".new", WaitersFile.name,
        ]
        for name in names {
            let isSegment = [SegmentName.suffix, SegmentName.compressedSuffix].contains {
                SegmentName.number(name, suffix: $0) != nil
            }
            guard isSegment || SegmentName.isUnfinished(name) || own.contains(name) else {
                throw WALError(
                    .notALogDirectory,
                    "\(staging.path(of: name)) isn't the file of an interrupted restore. Remove it, or restore elsewhere."
                )
            }
        }
        for name in names { try staging.remove(name) }
        return staging
    }

    // MARK: Contents

    private func copy(_ segment: BackupManifest.Segment, to staging: Directory) throws(WALError) {
        try BackupFile.verify(segment, in: backup)
        let source = try File(segment.fileName, in: backup, .read)
        let file = try File(segment.logName, in: staging, .create)
        guard try BackupFile.copy(source, count: segment.length, to: file) == segment.digest else {
            throw WALError(.corrupted, "\(source.path) changed while it was read. Use another backup.")
        }
        try file.truncate(to: segment.size)
        try file.sync()
    }

    /// Removes the records after the restore point. Each frame is kept or removed as a whole.
    private func cut(_ staging: Directory, upTo point: LogBackup.RestorePoint) throws(WALError) {
        guard let last = try lastSequence(staging, upTo: point), last < manifest.durableSequence else { return }
        let first = manifest.segments.first?.firstSequence ?? 1
        guard last >= first else {
            throw WALError(
                .removed,
                "The backup begins with record \(first), after the restore point. Use an older backup or a later point."
            )
        }
        let start = manifest.segments.lastIndex { $0.firstSequence <= last + 1 } ?? 0
        for segment in manifest.segments[(start + 1)...].reversed() { try staging.remove(segment.logName) }
        try shorten(manifest.segments[start], in: staging, to: last)
    }

    private func lastSequence(
        _ staging: Directory, upTo point: LogBackup.RestorePoint
    ) throws(WALError) -> UInt64? {
        switch point {
        case .end: return nil
        case .sequence(let sequence): return sequence.rawValue
        case .time(let time):
            guard time.rawValue < .max else { return nil }
            let reader = try ReadOnlyLog(at: staging.path).reader(since: Timestamp(rawValue: time.rawValue + 1))
            // The reader also returns the gaps before the record, such as those of an earlier repair.
            while let entry = try reader.nextEntry() {
                if case .record(let record) = entry { return record.sequence.rawValue - 1 }
            }
            return nil
        }
    }

    /// Replaces a segment with its frames up to and including a record, followed by zeros up to the capacity.
    private func shorten(
        _ segment: BackupManifest.Segment, in staging: Directory, to last: UInt64
    ) throws(WALError) {
        let examined = try ExaminedSegment(staging, number: segment.number, isWritten: false)
        guard let header = examined.header else {
            throw WALError(.corrupted, "\(examined.path) has no readable header. Use another backup.")
        }
        let source = try examined.file
        let size = try source.size()
        var end = SegmentHeader.size
        let buffer = ReadBuffer()
        let contents = try buffer.load(source, of: header, isImmutable: true)
        _ = unsafe try SegmentScan(contents, header: header) { frame, offset in
            let first = unsafe header.baseSequence + UInt64(frame.header.recordIndex)
            var count: UInt64 = 0
            switch unsafe frame.header.kind {
            case .record: count = 1
            case .batch: count = unsafe UInt64(BatchBody.header(frame.body)?.recordCount ?? 0)
            default: break
            }
            if offset == end, first + count <= last + 1 { end = unsafe offset + frame.header.size }
        }
        let temporary = SegmentName.temporary(segment.number)
        let file = try File(temporary, in: staging, .create)
        var bytes = [UInt8](repeating: 0, count: end)
        let count = try unsafe bytes.withUnsafeMutableBytes { room in
            Result { () throws(WALError) in try unsafe source.read(at: 0, into: room) }
        }.get()
        guard count == end, end <= size else {
            throw WALError(.corrupted, "\(examined.path) ends early. Use another backup.")
        }
        try file.write(bytes, at: 0)
        try file.truncate(to: Int(clamping: header.capacity))
        try file.sync()
        if segment.form == .lz4 { try staging.remove(segment.logName) }
        try staging.rename(temporary, to: SegmentName.of(segment.number))
    }

    /// Writes an intent to the log: these numbers were given, and their records are missing. The opening carries it
    /// out.
    private func skip(_ numbers: ClosedRange<UInt64>, in staging: Directory) throws(WALError) {
        var report = RecoveryReport()
        report.findings = [
            RecoveryReport.Finding(
                classification: .missingSegment, segment: 0, offset: 0, byteCount: 0,
                sequences: SequenceNumber.range(numbers), isAcknowledged: true,
                evidence: "the log was restored from a backup")
        ]
        let epoch = try ReadOnlyLog(at: staging.path).statistics.epoch + 1
        try RecoveryIntent(nextSequence: numbers.upperBound + 1, epoch: epoch, body: RecoveryBody.encode(report))
            .write(in: staging)
    }
}
