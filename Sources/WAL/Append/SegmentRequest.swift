/// A request for an open segment.
struct SegmentRequest {
    /// The size of the frame; 0 if it is small or unknown.
    let frameSize: Int
    /// Whether an append makes the request. The statistics of appends count no other requests.
    let isAppend: Bool
    /// The end of the wait while the disk budget is used up.
    let deadline: ContinuousClock.Instant?
    var isDeadlinePassed: Bool
    var isFirstTry = true
    let start = ContinuousClock.now
    /// The cause of this request's latest wait; nil if a segment was ready at once.
    var wait: AppendCounters.Wait?
    /// Whether this request has opened the segment.
    var didOpen = false

    init(for frameSize: Int, _ whenFull: WriteAheadLog.FullPolicy, isAppend: Bool = true) {
        self.frameSize = frameSize
        self.isAppend = isAppend
        if case .wait(let duration) = whenFull { deadline = .now + duration } else { deadline = nil }
        isDeadlinePassed = deadline == nil
    }
}
