/// An append's request for an open segment.
struct SegmentRequest {
    /// The end of the wait while the disk budget is used up.
    let deadline: ContinuousClock.Instant?
    var isDeadlinePassed: Bool
    var isFirstTry = true
    /// This request has opened the segment.
    var didOpen = false

    init(_ whenFull: WriteAheadLog.FullPolicy) {
        if case .wait(let duration) = whenFull { deadline = .now + duration } else { deadline = nil }
        isDeadlinePassed = deadline == nil
    }
}
