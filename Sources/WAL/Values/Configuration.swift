extension WriteAheadLog {
    /// The settings of a log. The defaults suit a service with a local disk.
    public struct Configuration: Sendable {
        /// The policy that decides when an appended record becomes durable if no caller waits for it.
        public var syncPolicy: SyncPolicy = .interval(.milliseconds(5))
        /// The size of a segment file in bytes: 64 KiB to 1 GiB, a multiple of 4096.
        ///
        /// The first files of an opening are smaller, so that an idle log occupies at most 1 MiB. They grow as records come.
        public var segmentSize: Int = 64 << 20
        /// The size of the first files of an opening, unless ``segmentSize`` is smaller.
        package var firstSegmentSize = 256 << 10
        /// The number of records after which the log starts a new segment: 1 to 2^26. This is a target.
        ///
        /// A segment stays open for at least 50 ms, and until its successor is ready or its file is full. If this
        /// setting ends segments early, the log makes later files smaller than ``segmentSize``.
        public var targetSegmentRecords: Int = 1 << 26
        /// The number of empty segments that the log keeps ready for use: 1 to 4.
        public var maxPreparedSegments: Int = 2
        /// The disk space that the log may occupy, in bytes, or nil for no limit.
        ///
        /// The budget includes prepared segments. It doesn't include the files `STATUS` and `WAITERS`, which have 68
        /// KiB together. The budget must hold at least four segments, or five if ``sealedCompression`` is enabled.
        public var diskBudget: Int?
        /// The behavior of an append when the disk budget is used up.
        public var whenFull: FullPolicy = .wait(.seconds(10))
        /// The compression of batches. A batch is stored compressed only if that saves at least an eighth.
        public var compression: Compression = .lz4
        /// The compression of sealed segments, in the background. A segment is rewritten as a compressed file only if
        /// that saves at least an eighth.
        ///
        /// Readers read the records of compressed segments as before, but more slowly. `lz4 -d` restores the plain
        /// file. During the rewrite a segment occupies disk space twice, within the disk budget.
        public var sealedCompression: Compression = .none
        /// The rule that decides which sealed segments the log removes.
        public var retention: Retention = Retention()
        /// The way in which opening treats damaged data.
        public var damagePolicy: DamagePolicy = .quarantine
        /// The part of the log that opening reads.
        public var recoveryScope: RecoveryScope = .unsealed
        /// The treatment of storage that doesn't survive a loss of power.
        public var storage: StorageRule = .warn
        /// Whether the log writes its state into the file `STATUS` of its directory once a second, for other processes.
        public var publishesStatus: Bool = true

        /// Makes a configuration. Each omitted argument has its default value.
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
            recoveryScope: RecoveryScope = .unsealed,
            storage: StorageRule = .warn,
            publishesStatus: Bool = true
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
            self.storage = storage
            self.publishesStatus = publishesStatus
        }
    }

    /// The policy that decides when an appended record becomes durable if no caller waits for it.
    public enum SyncPolicy: Hashable, Sendable {
        /// An append returns when its record is durable. Concurrent appends share a sync.
        case always
        /// Syncs no later than this interval after an append. The logs of a process on one file system share twelve threads for these
        /// syncs: if more logs are busy, a log waits for its turn.
        case interval(Duration)
        /// Syncs when this number of bytes has been appended since the last sync.
        case bytes(Int)
        /// Syncs only when the application asks for it.
        case manual
    }

    /// The behavior of an append when the disk budget is used up.
    public enum FullPolicy: Hashable, Sendable {
        /// Waits for space for up to this duration, then throws ``WALError/Code/logFull``.
        case wait(Duration)
        /// Throws ``WALError/Code/logFull`` immediately.
        case fail
    }

    /// The way in which batches, or sealed segments, are stored.
    public enum Compression: Hashable, Sendable {
        /// Stores the bytes uncompressed.
        case none
        /// Compresses with LZ4, in blocks.
        case lz4
    }

    /// The rule that decides which sealed segments the log removes.
    ///
    /// Only segments that every cursor has passed are removed: those older than `age`, and the oldest ones while the
    /// log is larger than `totalSize`.
    public struct Retention: Hashable, Sendable {
        /// The time for which the log keeps a passed segment after it was sealed, or nil for no limit.
        ///
        /// A monotonic clock measures this time. If the machine has been restarted since, the age of a segment comes
        /// from the times of its records, compared with the clock when the log is opened.
        public var age: Duration?
        /// The number of bytes of segments that the log keeps, or nil for no limit.
        public var totalSize: Int?

        /// Makes a retention rule. Without arguments, the log keeps everything.
        public init(age: Duration? = nil, totalSize: Int? = nil) {
            self.age = age
            self.totalSize = totalSize
        }
    }

    /// The way in which opening treats damaged data.
    public enum DamagePolicy: Hashable, Sendable {
        /// Moves the damaged file aside, keeps the intact records in the log, and reports the loss.
        case quarantine
        /// Throws ``WALError/Code/corrupted`` and changes nothing.
        case strict
    }

    /// The treatment of storage that doesn't survive a loss of power, such as memory or a container's own layer.
    public enum StorageRule: Hashable, Sendable {
        /// Logs a warning.
        case warn
        /// Throws ``WALError/Code/unsupportedFileSystem`` unless ``StorageInfo/durability`` is ``StorageInfo/Durability/powerLoss``.
        case requireDurable
    }

    /// The part of the log that opening reads.
    public enum RecoveryScope: Hashable, Sendable {
        /// Reads the headers and footers of all segments, and the records of unsealed segments.
        case unsealed
        /// Reads every byte.
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
