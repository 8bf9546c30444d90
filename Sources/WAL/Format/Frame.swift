internal import CWALShims
internal import Synchronization

/// The envelope of a record, a batch or a control record (FORMAT.md, "Frames").
///
///      0               4               8              12              16          17              24
///     +---------------+---------------+---------------+---------------+-----------+---------------+----------------+
///     | length        | checksum      | record index  | durable dist. | kind      | time          | body, padding  |
///     +---------------+---------------+---------------+---------------+-----------+---------------+----------------+
///     '------- commit word -----------'
///
/// The commit word is stored last, with release order. A reader that loads it with acquire order and finds that it
/// isn't zero sees the rest of the frame complete.
enum Frame {
    static let headerSize = 24
    /// The alignment of frames: each one starts and ends at a multiple of it.
    static let alignment = 8

    enum Offset {
        static let length = 0
        static let checksum = 4
        static let recordIndex = 8
        static let durableDistance = 12
        static let kindAndTime = 16
        static let body = 24
    }

    /// The kind of a frame's body.
    struct Kind: Hashable, RawRepresentable {
        var rawValue: UInt8

        static let record = Kind(rawValue: 0x01)
        static let batch = Kind(rawValue: 0x02)
        /// Sequence numbers that were claimed and never committed.
        static let void = Kind(rawValue: 0x03)
        /// Sequence numbers whose records were too damaged to read.
        static let lost = Kind(rawValue: 0x04)
        static let syncMark = Kind(rawValue: 0x81)
        static let cursors = Kind(rawValue: 0x82)
        static let recovery = Kind(rawValue: 0x83)
        static let footer = Kind(rawValue: 0x84)

        /// Whether a reader that doesn't know the kind may skip the frame.
        var isSkippable: Bool { rawValue & 0x80 != 0 }

        var isKnown: Bool { (0x01...0x04).contains(rawValue) || (0x81...0x84).contains(rawValue) }
    }

    /// Returns the size of a frame whose body has `count` bytes.
    @inline(__always)
    static func size(bodySize count: Int) -> Int {
        roundedUp8(headerSize + count)
    }

    /// The distance in a frame that states no durable position.
    static let durableDistanceUnknown = UInt32.max

    /// Returns the distance from `position` back to the durable position, in units of eight bytes.
    @inline(__always)
    static func durableDistance(from position: UInt64, to durablePosition: UInt64) -> UInt32 {
        let distance = (position &- durablePosition) >> 3
        return distance < UInt64(durableDistanceUnknown) ? UInt32(truncatingIfNeeded: distance) : durableDistanceUnknown
    }

    @inline(__always)
    static func commitWord(length: Int, checksum: UInt32) -> UInt64 {
        UInt64(checksum) << 32 | UInt64(UInt32(length))
    }

    /// Returns the checksum of the frame that starts at `offset` of the segment with the given seed. The header must be
    /// in place. `length` doesn't include the padding.
    @inline(__always)
    static func checksum(seed: UInt32, offset: Int, length: Int, frame: UnsafeRawPointer) -> UInt32 {
        unsafe cwal_frame_checksum(
            seed, place(offset: offset, length: length), frame + Offset.recordIndex,
            roundedUp8(length) - Offset.recordIndex)
    }

    /// Returns the word by which a checksum covers the frame's place.
    @inline(__always)
    static func place(offset: Int, length: Int) -> UInt64 {
        UInt64(UInt32(offset)) | UInt64(UInt32(length)) << 32
    }

    @inline(__always)
    static func indexAndDistance(_ recordIndex: UInt32, _ durableDistance: UInt32) -> UInt64 {
        UInt64(recordIndex) | UInt64(durableDistance) << 32
    }

    @inline(__always)
    static func kindAndTime(_ kind: Kind, _ time: Int64) -> UInt64 {
        UInt64(bitPattern: time << 8) | UInt64(kind.rawValue)
    }

    /// Returns the initial value for all checksums of a segment.
    static func seed(logID: LogID, incarnation: UInt64) -> UInt32 {
        Checksum.of(logID.low, logID.high, incarnation)
    }
}

/// A frame's header, read from a file and not verified yet.
struct FrameHeader: Hashable {
    /// The size of header and body in bytes, without padding.
    var length: Int
    var checksum: UInt32
    /// The number of records before this frame in its segment.
    var recordIndex: UInt32
    /// The distance from the frame back to the durable position at the time of writing, in units of eight bytes.
    var durableDistance: UInt32
    var kind: Frame.Kind
    /// The time in microseconds since 1970, in 56 bits.
    var time: Int64

    /// The size of the frame in bytes, with its padding.
    var size: Int { roundedUp8(length) }
    var bodySize: Int { length - Frame.headerSize }

    @inline(__always)
    init(_ frame: UnsafeRawPointer) {
        length = Int(unsafe frame.load(UInt32.self, at: Frame.Offset.length))
        checksum = unsafe frame.load(at: Frame.Offset.checksum)
        recordIndex = unsafe frame.load(at: Frame.Offset.recordIndex)
        durableDistance = unsafe frame.load(at: Frame.Offset.durableDistance)
        let kindAndTime: UInt64 = unsafe frame.load(at: Frame.Offset.kindAndTime)
        kind = Frame.Kind(rawValue: UInt8(truncatingIfNeeded: kindAndTime))
        time = Int64(bitPattern: kindAndTime) >> 8
    }

    /// Returns the durable position that the frame states, or nil if it states none.
    func durablePosition(at position: UInt64) -> UInt64? {
        let distance = UInt64(durableDistance) << 3
        return durableDistance == Frame.durableDistanceUnknown || distance > position ? nil : position - distance
    }
}

extension Frame {
    /// Writes a frame's header except the commit word, and zeroes the padding.
    @inline(__always)
    static func writeHeader(
        _ frame: UnsafeMutableRawPointer, kind: Kind, recordIndex: UInt32, durableDistance: UInt32, time: Int64,
        bodySize: Int
    ) {
        let size = Frame.size(bodySize: bodySize)
        if size > headerSize { unsafe frame.store(0 as UInt64, at: size - 8) }
        unsafe frame.store(indexAndDistance(recordIndex, durableDistance), at: Offset.recordIndex)
        unsafe frame.store(kindAndTime(kind, time), at: Offset.kindAndTime)
    }

    /// Returns a complete frame, including its commit word, in its own memory. Footers and rewritten segments need
    /// this.
    static func encode(
        kind: Kind, recordIndex: UInt32, durableDistance: UInt32, time: Int64, body: UnsafeRawBufferPointer,
        seed: UInt32, offset: Int
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size(bodySize: body.count))
        unsafe bytes.withUnsafeMutableBytes { frame in
            guard let base = frame.baseAddress else { return }
            unsafe writeHeader(
                base, kind: kind, recordIndex: recordIndex, durableDistance: durableDistance, time: time,
                bodySize: body.count)
            if let start = body.baseAddress {
                unsafe (base + Offset.body).copyMemory(from: start, byteCount: body.count)
            }
            let length = headerSize + body.count
            let checksum = unsafe checksum(seed: seed, offset: offset, length: length, frame: UnsafeRawPointer(base))
            unsafe base.store(commitWord(length: length, checksum: checksum), at: 0)
        }
        return bytes
    }
}

/// The first word of a frame. Storing it makes the rest of the frame visible.
enum CommitWord {
    @inline(__always)
    static func load(_ frame: UnsafeRawPointer) -> UInt64 {
        unsafe UInt64(
            littleEndian: frame.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .acquiring))
    }

    @inline(__always)
    static func store(_ word: UInt64, to frame: UnsafeMutableRawPointer) {
        unsafe frame.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .store(word.littleEndian, ordering: .releasing)
    }
}
