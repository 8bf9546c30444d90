internal import CWALShims

/// The place of a claimed frame: its header is written, its body and its checksum aren't yet.
@safe
struct ClaimedFrame {
    /// The distance by which memory is prefetched ahead of a frame, for later frames.
    ///
    /// The next claim is a locked addition, which waits for all earlier stores. So each store that misses the caches
    /// delays it. Prefetching raised a thread's rate over three segments by a sixth, relative to that of a C loop
    /// (medians of six runs of five rounds, in turns).
    private static let prefetchDistance = 2048
    private static let prefetchSizeMax = 512
    /// The largest body whose checksum is computed from the source of the copy. Loads of bytes that were just stored
    /// wait for the stores.
    ///
    /// With this, bursts of 256-byte records went from 32 to 39 million a second, and of 64-byte records from 44 to 52
    /// million (the best of the rounds; the kernel's writeback disturbs the others). A longer body is read back from
    /// the mapping, because the processor prefetches for loads and not for stores: 4 KiB bodies reached 2.7 million a
    /// second that way, and 2.1 million from their source.
    private static let sourceSizeMax = 512

    private let frame: UnsafeMutableRawPointer
    private let offset: Int
    private let seed: UInt32
    /// The header after the commit word.
    private let header: (UInt64, UInt64)
    /// The place of the body. The padding after it is zero.
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

    /// Copies the body from its source. Returns the frame's checksum.
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

    /// Copies the body from an array. Returns the frame's checksum.
    @inline(__always)
    func copy(_ source: [UInt8]) -> UInt32 {
        unsafe source.withUnsafeBytes { unsafe copy($0) }
    }

    /// Calls `initialize` to write the body. Returns the frame's checksum.
    @inline(__always)
    func fill(with initialize: (inout OutputRawSpan) -> Void) -> UInt32 {
        let body = unsafe body
        var output = unsafe OutputRawSpan(buffer: body, initializedCount: 0)
        initialize(&output)
        let written = unsafe output.finalize(for: body)
        precondition(written == body.count, "\(written) of \(body.count) bytes of a record were written")
        return checksum()
    }

    /// Returns the frame's checksum, once the body is written.
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
