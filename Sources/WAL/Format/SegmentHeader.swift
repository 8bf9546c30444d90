internal import Synchronization

/// The first 1024 bytes of a segment: the same 512 bytes twice, so that one bad sector loses nothing (FORMAT.md,
/// "Segment header").
struct SegmentHeader: Hashable {
    enum State: UInt32 {
        /// The segment is ready for use and holds no frames.
        case prepared = 0
        case active = 1
    }

    var incompatibleFeatures: UInt64 = 0
    var compatibleFeatures: UInt64 = 0
    var logID: LogID
    var segmentNumber: UInt64
    /// A random number, never 0. No two files share one, not even two that had the same name.
    var incarnation: UInt64
    /// The number of bytes that header, frames and footer may occupy.
    var capacity: UInt64
    var state: State
    /// The sequence number of this segment's first record.
    var baseSequence: UInt64 = 0
    /// The log position of this segment's first byte.
    var basePosition: UInt64 = 0
    var epoch: UInt64 = 0
    var bootID = BootID.unknown
    var creationTime: Int64 = 0
    var predecessor = Predecessor.none
    /// The incarnation of the first file with this number, if this file is a rewrite of a damaged one; otherwise 0.
    var replacedIncarnation: UInt64 = 0

    /// The time since the kernel's start when the segment came into use, in microseconds; 0 if unknown.
    var uptime: Int64 = 0

    /// The log that the segment's records come from, if the log is a replica.
    var source: LogID? {
        didSet {
            incompatibleFeatures &= ~Self.replicaFeature
            if source != nil { incompatibleFeatures |= Self.replicaFeature }
        }
    }

    /// The identity by which the next segment refers to this one: the incarnation of the first file with this number. Rewriting a
    /// damaged file keeps it.
    var lineage: UInt64 { replacedIncarnation == 0 ? incarnation : replacedIncarnation }

    /// The end of the previous segment.
    struct Predecessor: Hashable {
        var number: UInt64
        var incarnation: UInt64
        /// The end of its frames, without the footer.
        var length: UInt64
        var finalSequence: UInt64

        static let none = Predecessor(number: 0, incarnation: 0, length: 0, finalSequence: 0)
    }

    static let magic: UInt64 = 0x4C41_5754_4649_5753  // "SWIFTWAL"
    static let versionMajor: UInt16 = 1
    /// The incompatible feature of a replica's segments: they state a source, and their batches may have times of their own.
    static let replicaFeature: UInt64 = 1
    /// The incompatible features that this version knows.
    static let knownIncompatibleFeatures = replicaFeature
    /// The lowest minor version with every feature that the segment uses.
    var versionMinor: UInt16 { source == nil ? 1 : 2 }
    var versionText: String { "\(Self.versionMajor).\(versionMinor)" }

    /// The largest number of sequence numbers in a segment.
    static let recordCountMax = 1 << 26
    /// Offsets in frames' checksums have 32 bits.
    static let lengthMax: UInt64 = 1 << 32
    /// The limit of a header's numbers, so that computations with them don't overflow.
    static let countMax: UInt64 = 1 << 63

    /// The size of one copy.
    static let copySize = 512
    /// The size of both copies. Frames start after them.
    static let size = 2 * copySize

    /// Byte offsets in a copy.
    enum Offset {
        static let magic = 0
        static let versionMajor = 8
        static let versionMinor = 10
        static let state = 12
        static let incompatibleFeatures = 16
        static let compatibleFeatures = 24
        static let logID = 32
        static let segmentNumber = 48
        static let incarnation = 56
        static let capacity = 64
        static let baseSequence = 72
        static let basePosition = 80
        static let epoch = 88
        static let bootID = 96
        static let creationTime = 112
        static let predecessorNumber = 120
        static let predecessorIncarnation = 128
        static let predecessorLength = 136
        static let predecessorFinalSequence = 144
        static let replacedIncarnation = 152
        static let uptime = 160
        static let source = 168
        static let checksum = 508
    }

    /// Writes both copies over the first ``size`` bytes, and the state of each copy last.
    ///
    /// If the kernel writes the page to disk meanwhile, the disk gets an incomplete copy, which still has the old
    /// state.
    func encode(to memory: UnsafeMutableRawPointer) {
        var copy = [UInt8](repeating: 0, count: Self.copySize)
        unsafe copy.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe base.store(Self.magic, at: Offset.magic)
            unsafe base.store(Self.versionMajor, at: Offset.versionMajor)
            unsafe base.store(versionMinor, at: Offset.versionMinor)
            unsafe base.store(state.rawValue, at: Offset.state)
            unsafe base.store(incompatibleFeatures, at: Offset.incompatibleFeatures)
            unsafe base.store(compatibleFeatures, at: Offset.compatibleFeatures)
            unsafe base.store(logID.low, at: Offset.logID)
            unsafe base.store(logID.high, at: Offset.logID + 8)
            unsafe base.store(segmentNumber, at: Offset.segmentNumber)
            unsafe base.store(incarnation, at: Offset.incarnation)
            unsafe base.store(capacity, at: Offset.capacity)
            unsafe base.store(baseSequence, at: Offset.baseSequence)
            unsafe base.store(basePosition, at: Offset.basePosition)
            unsafe base.store(epoch, at: Offset.epoch)
            unsafe base.store(bootID.low, at: Offset.bootID)
            unsafe base.store(bootID.high, at: Offset.bootID + 8)
            unsafe base.store(creationTime, at: Offset.creationTime)
            unsafe base.store(predecessor.number, at: Offset.predecessorNumber)
            unsafe base.store(predecessor.incarnation, at: Offset.predecessorIncarnation)
            unsafe base.store(predecessor.length, at: Offset.predecessorLength)
            unsafe base.store(predecessor.finalSequence, at: Offset.predecessorFinalSequence)
            unsafe base.store(replacedIncarnation, at: Offset.replacedIncarnation)
            unsafe base.store(uptime, at: Offset.uptime)
            unsafe base.store(source?.low ?? 0, at: Offset.source)
            unsafe base.store(source?.high ?? 0, at: Offset.source + 8)
            let covered = unsafe UnsafeRawBufferPointer(start: base, count: Offset.checksum)
            unsafe base.store(Checksum.of(covered), at: Offset.checksum)
            let stateEnd = Offset.incompatibleFeatures
            for start in [0, Self.copySize] {
                let copy = unsafe memory + start
                unsafe (copy + stateEnd).copyMemory(from: base + stateEnd, byteCount: Self.copySize - stateEnd)
                atomicMemoryFence(ordering: .releasing)
                unsafe copy.copyMemory(from: base, byteCount: stateEnd)
            }
        }
    }
}

/// The identity of the kernel's run that wrote a segment. Data that was written but not synced survives until that run
/// ends.
struct BootID: Hashable {
    var low: UInt64, high: UInt64

    /// The identity if the system doesn't provide one. It equals no boot, not even itself: see ``isSameBoot(as:)``.
    static let unknown = BootID(low: 0, high: 0)

    func isSameBoot(as other: BootID) -> Bool {
        self == other && self != .unknown
    }
}
