public import Logging

extension LogReplica {
    /// The result of a promotion.
    public struct Promotion: Hashable, Sendable {
        /// The identifier of the log, which it had as a replica.
        public var id: LogID
        /// The last of the source's sequence numbers that the replica had reached.
        public var lastSequence: SequenceNumber
        /// The number of the next record.
        public var nextSequence: SequenceNumber
    }

    /// Makes the replica in a directory a log that takes records. After that, ``WriteAheadLog`` opens the log. Suspends
    /// for the time of an opening.
    ///
    /// The source may have given numbers to records that the replica never got, and others may have seen them. The log
    /// gives none of these numbers again. The promotion doesn't stop the source: take the source out of service first.
    ///
    /// - Parameters:
    ///   - directory: The path of the replica's directory.
    ///   - number: The highest number that the source ever gave. Nil if it is unknown: the log then leaves out 2^40
    ///     numbers.
    ///   - configuration: The configuration of the log.
    ///   - logger: Logs the opening.
    /// - Returns: The identifier of the log, and the numbers around the promotion.
    /// - Throws: The errors of ``WriteAheadLog/open(at:configuration:logger:metrics:)``, and
    ///   ``WALError/Code/invalidArgument`` if the log isn't a replica, or has records above the number.
    public static func promote(
        at directory: String, above number: SequenceNumber? = nil,
        configuration: WriteAheadLog.Configuration = .init(), logger: Logger? = nil
    ) async throws(WALError) -> Promotion {
        try await Blocking.run { () throws(WALError) in
            try promoteBlocking(at: directory, above: number, configuration: configuration, logger: logger)
        }
    }

    /// Promotes the replica in a directory as ``promote(at:above:configuration:logger:)`` does. Blocks for the time of an opening.
    @available(*, noasync, message: "Blocks the thread for the time of an opening. Await promote(at:) instead.")
    public static func promoteBlocking(
        at directory: String, above number: SequenceNumber? = nil,
        configuration: WriteAheadLog.Configuration = .init(), logger: Logger? = nil
    ) throws(WALError) -> Promotion {
        guard let place = try ifExists({ () throws(WALError) in try Directory(path: directory) }) else {
            throw WALError.noLog(at: directory)
        }
        let log = try WriteAheadLog(
            in: place, configuration: configuration, logger: logger, as: .promotion(above: number))
        let last = log.bookmarks[LogKind.bookmarkName].map { SequenceNumber(rawValue: $0.position) } ?? .zero
        let promotion = Promotion(id: log.id, lastSequence: last, nextSequence: log.lastSequence.next)
        try log.closeBlocking()
        return promotion
    }
}
