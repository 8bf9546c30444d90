/// The state of a log and its sinks at one moment.
///
/// The writer publishes it once a second in the file `STATUS` of the log's directory, as JSON (FORMAT.md, "Status of a writer"). Decode that
/// with a `JSONDecoder` whose `keyDecodingStrategy` is `convertFromSnakeCase`.
public struct LogStatus: Hashable, Sendable, Decodable {
    /// The version of the document.
    package static let version: UInt32 = 1

    /// The time of these figures.
    public var time: Timestamp
    /// The time at which the writer opened the log.
    public var openedAt: Timestamp
    /// The time of an orderly close; nil while the log is open, and after the writer was killed.
    public var closedAt: Timestamp?
    /// The writer's process.
    public var process: UInt32
    /// The log's identifier, as in ``LogID/description``.
    public var id: String
    /// The version of the format of new segments.
    public var format: String
    /// The policy of syncs, in words.
    public var syncPolicy: String

    /// The first record that is still in the log.
    public var firstSequence: SequenceNumber
    /// The last record that was appended, or is being appended.
    public var lastSequence: SequenceNumber
    /// The last durable record.
    public var durableSequence: SequenceNumber
    /// A counter that increases whenever recovery discards data or sequence numbers are skipped.
    public var epoch: UInt64
    /// The reason why the log refuses records; nil while it accepts them.
    public var refusal: Refusal?
    /// The records and bytes that were appended since the log was opened.
    public var appended: Amount
    /// The part of the log that a power loss would take now.
    public var notDurable: NotDurable
    /// The waits of appends since the log was opened, by reason.
    public var waits: [Wait]
    /// The appends that failed since the log was opened, by error code.
    public var errors: [ErrorCount]
    /// The syncs of segments since the log was opened.
    public var syncs: Syncs
    /// The numbers of segments by state.
    public var segments: Segments
    /// The log's sizes on the disk.
    public var disk: Disk
    /// The cursors of the log, and the consumers in other processes.
    public var cursors: [Cursor]
    /// The opening of the log.
    public var recovery: Recovery
    /// The storage that the log is on.
    public var storage: StorageInfo
    /// The flushers that run in the writer's process, and those that have ended there.
    public var sinks: [SinkStatus]
    /// Whether cursors or sinks are left out, because all of them don't fit into the file.
    public var isTruncated = false

    /// The age of the first record that isn't durable; zero if all are.
    public var notDurableAge: Duration {
        notDurable.oldest.map { max(.zero, time - $0) } ?? .zero
    }

    /// The error with which the log refuses records.
    public struct Refusal: Hashable, Sendable, Decodable {
        /// The code of the error that an append throws.
        public var code: String
        /// The message of that error.
        public var message: String
    }

    /// A number of records, and their size.
    public struct Amount: Hashable, Sendable, Decodable {
        /// The number of records.
        public var records: UInt64
        /// The bytes of frames and headers.
        public var bytes: UInt64
    }

    /// The part of the log that isn't durable.
    public struct NotDurable: Hashable, Sendable, Decodable {
        /// The bytes of frames and headers.
        public var bytes: UInt64
        /// The time of the first record that isn't durable.
        public var oldest: Timestamp?
    }

    /// The waits of appends for one reason.
    public struct Wait: Hashable, Sendable, Decodable {
        /// `segment` for the next segment, `budget` for room in the disk budget, `sync` for a sync.
        public var reason: String
        /// The number of waits.
        public var count: UInt64
        /// The duration of all waits; nil for `sync`, because each of these waits would have to read the clock.
        public var nanoseconds: UInt64?
    }

    /// The failed appends with one error code.
    public struct ErrorCount: Hashable, Sendable, Decodable {
        /// The error code.
        public var code: String
        /// The number of appends.
        public var count: UInt64
    }

    /// The syncs of segments.
    public struct Syncs: Hashable, Sendable, Decodable {
        /// The durations of the syncs that succeeded.
        public var durations = DurationHistogram()
        /// The durations of the last one to two minutes; nil if the writer's version doesn't publish them.
        public var recent: DurationHistogram?
        /// The number of syncs that failed.
        public var failures: UInt64 = 0
    }

    /// The numbers of segments by state.
    public struct Segments: Hashable, Sendable, Decodable {
        /// The segments that are empty and ready for use.
        public var prepared: Int
        /// The segments that producers append to.
        public var active = 0
        /// The segments that have ended and have no footer yet.
        public var unsealed = 0
        /// The segments with a footer that aren't compressed.
        public var sealed = 0
        /// The sealed segments that are compressed. They don't count as ``sealed``.
        public var compressed = 0

        /// The numbers by the names of the states.
        public var byState: [(state: String, number: Int)] {
            [
                ("prepared", prepared), ("active", active), ("unsealed", unsealed), ("sealed", sealed),
                ("compressed", compressed),
            ]
        }
    }

    /// Sizes in bytes.
    public struct Disk: Hashable, Sendable, Decodable {
        /// All segment files, prepared ones included.
        public var bytes: Int
        /// The disk budget; nil without one.
        public var budget: Int?
        /// Sealed segments that every cursor has passed.
        public var reclaimable: UInt64
        /// The free space of the file system; nil if the system doesn't report it.
        public var free: UInt64?
        /// The size of the file system; nil if the system doesn't report it.
        public var size: UInt64?
    }

    /// A consumer's cursor, and the part of the log after it.
    public struct Cursor: Hashable, Sendable, Decodable {
        /// The cursor's name, or `consumers/NAME` for a consumer in another process.
        public var name: String
        /// The last record that the consumer has processed.
        public var position: SequenceNumber
        /// The number of sequence numbers after the position.
        public var lagRecords: UInt64
        /// The approximate bytes of the log after the position.
        public var lagBytes: UInt64
        /// The bytes of sealed segments that stay because of this cursor alone.
        public var pinnedBytes: UInt64
    }

    /// The opening of the log.
    public struct Recovery: Hashable, Sendable, Decodable {
        /// The duration of the recovery.
        public var nanoseconds: UInt64
        /// The findings, grouped by class and by `isAcknowledged`.
        public var findings: [Finding]

        /// The findings of one group.
        public struct Finding: Hashable, Sendable, Decodable {
            /// The raw value of a ``RecoveryReport/Classification``.
            public var classification: String
            /// Whether any of the affected records had been acknowledged.
            public var isAcknowledged: Bool
            /// The number of findings.
            public var count: UInt64
        }
    }
}
