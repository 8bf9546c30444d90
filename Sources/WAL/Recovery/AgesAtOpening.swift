/// The ages of the segments that an opening finds.
///
/// A segment had ended when the next one came into use. If that was in the present run of the kernel, the next header
/// has the moment, by a monotonic clock. A segment from an earlier run has only the times of its records, by a clock
/// that may have been wrong. Times in the future count as the present.
struct AgesAtOpening {
    let run: KernelRun
    let time: Timestamp
    let seen: ContinuousClock.Instant

    /// Returns the ages in the order of the headers. `lastTimes` has the latest time of each segment's records.
    func of(_ headers: [SegmentHeader], lastTimes: [Int64]) -> [SegmentAge] {
        // The newest segment has ended by now.
        var end = run.uptime
        let newestFirst = zip(headers, lastTimes).reversed().map { header, lastTime -> SegmentAge in
            let isOfThisRun = header.bootID.isSameBoot(as: run.boot) && (1...max(1, run.uptime)).contains(header.uptime)
            let atLeast = Duration.microseconds(run.uptime - end)
            if isOfThisRun { end = min(end, header.uptime) }
            return SegmentAge(isOfThisRun ? atLeast : max(atLeast, byTimes(lastTime)), seen: seen)
        }
        return newestFirst.reversed()
    }

    private func byTimes(_ lastTime: Int64) -> Duration {
        let (age, overflow) = time.rawValue.subtractingReportingOverflow(lastTime)
        return overflow ? .zero : .microseconds(max(0, age))
    }
}
