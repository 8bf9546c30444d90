internal import CWALShims

/// The place of a claimed frame: its header is written, its body and its checksum are to come.
@safe
struct FrameRoom {
    /// Where the body belongs; the padding behind it is zero.
    let body: UnsafeMutableRawBufferPointer
    /// What the checksum starts with.
    fileprivate let seed: UInt32
    fileprivate let offset: Int
    /// The header behind the commit word.
    fileprivate let first: UInt64
    fileprivate let second: UInt64

    /// Copies the body from where it is. Returns the frame's checksum, taken from there, too: in a burst of 256-byte records a C loop
    /// that did so made 51 to 56 million a second, and 40 to 46 where it read back what it had just stored.
    @inline(__always)
    func copy(_ source: UnsafeRawBufferPointer) -> UInt32 {
        let checksum = unsafe checksum(of: source)
        unsafe body.copyMemory(from: source)
        return checksum
    }

    /// The frame's checksum when the body has been written in place.
    @inline(__always)
    func checksum() -> UInt32 {
        unsafe checksum(of: UnsafeRawBufferPointer(body))
    }

    @inline(__always)
    private func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        let length = Frame.headerSize + bytes.count
        return unsafe cwal_frame_checksum_of_body(
            seed, Frame.place(offset: offset, length: length), first, second, bytes.baseAddress, bytes.count)
    }
}

extension FrameRoom {
    /// Writes the header of a frame at an offset of its segment, and zeroes the padding.
    @inline(__always)
    init(
        at frame: UnsafeMutableRawPointer, offset: Int, seed: UInt32, kind: Frame.Kind, recordIndex: UInt32,
        durableDistance: UInt32, time: Int64, bodySize: Int
    ) {
        unsafe Frame.writeHeader(
            frame, kind: kind, recordIndex: recordIndex, durableDistance: durableDistance, time: time,
            bodySize: bodySize)
        unsafe body = UnsafeMutableRawBufferPointer(start: frame + Frame.Offset.body, count: bodySize)
        self.seed = seed
        self.offset = offset
        first = UInt64(recordIndex) | UInt64(durableDistance) << 32
        second = Frame.kindAndTime(kind, time)
    }
}
