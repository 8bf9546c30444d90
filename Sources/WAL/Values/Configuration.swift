extension WriteAheadLog {
    /// How a log works. The defaults suit a service with a local disk.
    public struct Configuration: Sendable {
        /// When appended records become durable.
        public var syncPolicy: SyncPolicy = .interval(.milliseconds(5))
        /// The size of a segment file in bytes: 64 KiB to 1 GiB, a multiple of 4096.
        public var segmentSize: Int = 64 << 20
        /// How many records end a segment: 1 to 2^26. It ends as soon as the next one is ready, and not within 50 ms of its
        /// opening; until then it takes more, up to its size. Where segments end so, files are made smaller than `segmentSize`.
        public var targetSegmentRecords: Int = 1 << 26
        /// How many segments are kept ready beside the active one: 1 to 4.
        public var maxPreparedSegments: Int = 2
        /// What the log may take up on disk, in bytes, prepared segments included; at least four segments, five
        /// where sealed ones are compressed. Nil: no limit.
        public var diskBudget: Int?
        /// What an append does when the disk budget is used up.
        public var whenFull: FullPolicy = .wait(.seconds(10))
        /// Whether batches are compressed where it saves an eighth or more.
        public var compression: Compression = .lz4
        /// Whether sealed segments are rewritten as compressed files, in the background, where that saves an eighth or more. Their
        /// records are read as before, if more slowly; `lz4 -d` makes the plain file of one. Meanwhile a segment takes up room
        /// twice, within the disk budget.
        public var sealedCompression: Compression = .none
        /// Which segments are removed.
        public var retention: Retention = Retention()
        /// What opening does about damage.
        public var damagePolicy: DamagePolicy = .quarantine
        /// What opening reads.
        public var recoveryScope: RecoveryScope = .unsealed

        /// Makes a configuration; each argument that is left out has its default.
        public init(
            syncPolicy: SyncPolicy = .interval(.milliseconds(5)),
            segmentSize: Int = 64 << 20,
            targetSegmentRecords: Int = 1 << 26,
            maxPreparedSegments: Int = 2,
            diskBudget: Int? = nil,
            whenFull: FullPolicy = .wait(.seconds(10)),
            compression: Compression = .lz4,
            sealedCompression: Compression = .none,
            retention: Retention = Retention(),
            damagePolicy: DamagePolicy = .quarantine,
            recoveryScope: RecoveryScope = .unsealed
        ) {
            self.syncPolicy = syncPolicy
            self.segmentSize = segmentSize
            self.targetSegmentRecords = targetSegmentRecords
            self.maxPreparedSegments = maxPreparedSegments
            self.diskBudget = diskBudget
            self.whenFull = whenFull
            self.compression = compression
            self.sealedCompression = sealedCompression
            self.retention = retention
            self.damagePolicy = damagePolicy
            self.recoveryScope = recoveryScope
        }
    }

    /// When appended records become durable.
    public enum SyncPolicy: Hashable, Sendable {
        /// An append is durable when it returns; concurrent appends share a sync.
        case always
        /// A sync at most this long after an append.
        case interval(Duration)
        /// A sync when this many bytes were appended since the last one.
        case bytes(Int)
        /// Only when asked.
        case manual
    }

    /// What an append does when the disk budget is used up.
    public enum FullPolicy: Hashable, Sendable {
        /// Waits for space this long, then throws `logFull`.
        case wait(Duration)
        /// Throws `logFull` at once.
        case fail
    }

    /// How batches, or sealed segments, are stored.
    public enum Compression: Hashable, Sendable {
        /// As they are.
        case none
        /// LZ4 blocks.
        case lz4
    }

    /// Which sealed segments are removed: those that every cursor has passed and that are older than `age`, and beyond
    /// `totalSize` the oldest that every cursor has passed.
    public struct Retention: Hashable, Sendable {
        /// How long passed segments are kept after they were sealed, by a clock that doesn't jump. Segments of an earlier run of the
        /// kernel go by the times of their records, as of the opening. Nil for ever.
        public var age: Duration?
        /// How many bytes of segments are kept; nil for no limit.
        public var totalSize: Int?

        /// Makes a retention rule; without arguments everything is kept.
        public init(age: Duration? = nil, totalSize: Int? = nil) {
            self.age = age
            self.totalSize = totalSize
        }
    }

    /// What opening does about damage.
    public enum DamagePolicy: Hashable, Sendable {
        /// Keeps the damaged file aside, what is whole in the log, and reports the loss.
        case quarantine
        /// Throws `corrupted` and changes nothing.
        case strict
    }

    /// What opening reads.
    public enum RecoveryScope: Hashable, Sendable {
        /// The headers and footers of all segments, and the records of those that weren't sealed.
        case unsealed
        /// Every byte.
        case everything
    }
}

extension WriteAheadLog.Configuration {
    static let segmentSizeMin = 64 << 10
    static let segmentSizeMax = 1 << 30

    /// The part of the disk budget that producers may use. One segment's worth is held back for compression.
    var budgetOfProducers: Int? {
        diskBudget.map { sealedCompression == .none ? $0 : $0 - segmentSize }
    }
}
