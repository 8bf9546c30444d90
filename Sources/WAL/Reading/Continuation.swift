/// Where a reader goes on from a place at which it finds no frame, or the end of a segment.
struct Continuation {
    enum Step {
        /// Nothing more, yet.
        case end
        /// Damage that nobody can go on behind, yet.
        case damaged
        /// The file isn't what it was: look the place up once more.
        case again
        /// Walk the same segment from its first frame.
        case beginning
        /// The next valid frame of the same segment.
        case frame(Int)
        /// The segment that comes next.
        case segment(ReadableSegment)
    }

    var step: Step
    /// Why numbers around this place have no record, in order.
    var gaps: [LogGap] = []
}

/// A place at which a reader finds no frame, or the end of a segment.
struct ReadingPlace {
    var offset: Int
    /// The commit word there is zero, or there is no room for a frame.
    var isEmpty: Bool
    /// There is a footer.
    var isFooter: Bool
}
