internal import CWALShims

/// The place of a claimed frame: its header is written, its body and its checksum are to come.
@safe
struct ClaimedFrame {
    /// How far ahead of a frame memory is fetched for those that come. The next claim, a locked addition, waits for all stores
    /// before it, so each that misses the caches is paid for: over three segments a thread's records a second, to those of a C
    /// loop beside it, went up by a sixth (medians of six runs of five rounds, in turns).
    private static let prefetchDistance = 2048
    private static let prefetchSizeMax = 512
    /// Up to this size a body's checksum is taken from where the body comes from: loads of what was just stored wait for the
    /// stores. Bursts of 256-byte records went from 32 to 39 million a second, of 64 bytes from 44 to 52 (the best of the rounds;
    /// the kernel's writing disturbs the others). Of longer bodies it is read back, since the processor fetches ahead of loads,
    /// and not of stores: 4 KiB made 2.7 million a second so, and 2.1 from their source.
    private static let sourceSizeMax = 512

    private let frame: UnsafeMutableRawPointer
    private let offset: Int
    private let seed: UInt32
    /// The header behind the commit word.
    private let header: (UInt64, UInt64)
    /// Where the body belongs; the padding behind it is zero.
    let body: UnsafeMutableRawBufferPointer

    /// Writes the header of a frame at an offset of its segment, and zeroes the padding.
    @inline(__always)
    init(
        at frame: UnsafeMutableRawPointer, offset: Int, seed: UInt32, kind: Frame.Kind, recordIndex: UInt32,
        durableDistance: UInt32, time: Int64, bodySize: Int
    ) {
        unsafe Frame.writeHeader(
            frame, kind: kind, recordIndex: recordIndex, durableDistance: durableDistance, time: time,
            bodySize: bodySize)
        unsafe self.frame = frame
        self.offset = offset
        self.seed = seed
        header = (Frame.indexAndDistance(recordIndex, durableDistance), Frame.kindAndTime(kind, time))
        unsafe body = UnsafeMutableRawBufferPointer(start: frame + Frame.Offset.body, count: bodySize)
    }

    private var length: Int { unsafe Frame.headerSize + body.count }

    /// Copies the body from where it is. Returns the frame's checksum.
    @inline(__always)
    func copy(_ source: UnsafeRawBufferPointer) -> UInt32 {
        let (count, room) = (source.count, unsafe body.count)
        precondition(count == room, "\(count) bytes for a body of \(room)")
        unsafe body.copyMemory(from: source)
        guard source.count <= Self.sourceSizeMax else { return checksum() }
        fetchNext()
        return unsafe cwal_frame_checksum_of_body(
            seed, Frame.place(offset: offset, length: length), header.0, header.1, source.baseAddress, source.count)
    }

    /// Lets `initialize` write the body. Returns the frame's checksum.
    @inline(__always)
    func fill(with initialize: (inout OutputRawSpan) -> Void) -> UInt32 {
        let body = unsafe body
        var output = unsafe OutputRawSpan(buffer: body, initializedCount: 0)
        initialize(&output)
        let written = unsafe output.finalize(for: body)
        precondition(written == body.count, "\(written) of \(body.count) bytes of a record were written")
        return checksum()
    }

    /// The frame's checksum when the body has been written.
    @inline(__always)
    func checksum() -> UInt32 {
        fetchNext()
        return unsafe Frame.checksum(seed: seed, offset: offset, length: length, frame: frame)
    }

    @inline(__always)
    private func fetchNext() {
        unsafe cwal_prefetch_for_stores(frame + Self.prefetchDistance, min(length, Self.prefetchSizeMax))
    }
}
