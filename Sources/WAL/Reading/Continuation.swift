/// The way in which a reader continues from a place without a frame, or from the end of a segment.
struct Continuation {
    enum Step {
        /// There is nothing more yet.
        case end
        /// There is damage that no reader can pass yet.
        case damaged
        /// The file has changed: locate the place again.
        case again
        /// Walk this segment again from its first frame.
        case beginning
        /// Continue at this offset, with the next valid frame of this segment.
        case frame(Int)
        /// Continue with the next segment.
        case segment(ReadableSegment)
    }

    var step: Step
    /// The gaps around this place, in order.
    var gaps: [LogGap] = []
}

/// A place at which a reader finds no frame, or the end of a segment.
struct ReadingPlace {
    var offset: Int
    /// Whether the commit word there is zero, or a frame doesn't fit.
    var isEmpty: Bool
    /// Whether there is a footer.
    var isFooter: Bool
}
