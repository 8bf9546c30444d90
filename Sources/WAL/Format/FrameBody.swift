extension FrameValidity {
    /// What a frame holds, decoded as far as its validity depends on it.
    @unsafe
    enum Body {
        case record
        case batch(BatchBody.Content)
        case footer(SegmentFooter)
        case other
    }

    /// Reads the body of a frame whose checksum fits; nil where the frame is invalid all the same. Readers and recovery both ask
    /// here, so that they agree on what a record is.
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
