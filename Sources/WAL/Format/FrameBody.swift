extension FrameValidity {
    /// The body of a frame, decoded to the extent that the frame's validity depends on it.
    @unsafe
    enum Body {
        case record
        case batch(BatchBody.Content)
        case footer(SegmentFooter)
        case other
    }

    /// Decodes the body of a frame whose checksum matches. Returns nil if the frame is invalid nevertheless.
    ///
    /// Readers and recovery both call this function, so they agree on which records are valid.
    static func body(_ frame: Verified, offset: Int, baseSequence: UInt64) -> Body? {
        let header = unsafe frame.header
        let index = Int(header.recordIndex)
        guard index <= SegmentHeader.recordCountMax else { return nil }
        switch header.kind {
        case .record:
            return index < SegmentHeader.recordCountMax ? unsafe .record : nil
        case .batch:
            guard let content = unsafe BatchBody.decode(frame.body),
                unsafe index + content.recordCount <= SegmentHeader.recordCountMax
            else { return nil }
            return unsafe .batch(content)
        case .cursors:
            return unsafe CursorsBody.decode(frame.body) == nil ? nil : .other
        case .footer:
            guard let footer = unsafe SegmentFooter(frame.body, withIndex: false), footer.offset == offset,
                footer.firstSequence == baseSequence,
                footer.finalSequence == baseSequence - 1 + UInt64(header.recordIndex)
            else { return nil }
            return unsafe .footer(footer)
        default:
            return unsafe .other
        }
    }
}
