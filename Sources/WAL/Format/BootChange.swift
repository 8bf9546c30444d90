/// A change that makes a segment look as if another run of the kernel had written it, for images of a power loss.
package enum BootChange {
    private static let another = BootID(low: 1, high: 2)

    /// Changes each intact copy of the header, and nothing else.
    package static func moveToAnotherBoot(_ bytes: UnsafeMutableRawBufferPointer) {
        for offset in [0, SegmentHeader.copySize] {
            guard bytes.count >= offset + SegmentHeader.copySize, let base = bytes.baseAddress else { return }
            let copy = unsafe base + offset
            let covered = unsafe UnsafeRawBufferPointer(start: copy, count: SegmentHeader.Offset.checksum)
            let start = UnsafeRawPointer(copy)
            guard unsafe start.load(UInt64.self, at: SegmentHeader.Offset.magic) == SegmentHeader.magic,
                unsafe start.load(UInt32.self, at: SegmentHeader.Offset.checksum) == Checksum.of(covered)
            else { continue }
            unsafe copy.store(another.low, at: SegmentHeader.Offset.bootID)
            unsafe copy.store(another.high, at: SegmentHeader.Offset.bootID + 8)
            unsafe copy.store(Checksum.of(covered), at: SegmentHeader.Offset.checksum)
        }
    }
}
