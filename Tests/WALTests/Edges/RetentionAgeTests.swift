import Testing

@testable import WAL

/// Retention doesn't count the times of records: with a clock ten years ahead it would keep everything for ten years, and after a
/// jump forward it would remove records of a few seconds ago.
@Suite struct RetentionAgeTests {
    private let start = ContinuousClock.now
    private let decade: Int64 = 315_360_000_000_000

    private func isOld(_ age: SegmentAge, after duration: Duration, keeping kept: Duration = .seconds(60)) -> Bool {
        func entry(_ number: UInt64) -> CatalogEntry {
            var header = SegmentHeader(
                logID: LogID(low: 1, high: 1), segmentNumber: number, incarnation: 1, capacity: 1 << 16, state: .active)
            header.baseSequence = number
            let summary = SegmentSummary(header)
            let footer = summary.footer(
                at: SegmentEnd(offset: SegmentHeader.size, recordCount: 1), after: Markers())
            var entry = CatalogEntry(
                segment: Segment(header: header, path: "\(number)"), stage: .durable(footer), fileSize: 1)
            entry.age = age
            return entry
        }
        let rule = RetentionRule(
            retention: WriteAheadLog.Retention(age: kept), now: start + duration, passed: .max, firstPinned: .max)
        return rule.isOldestRemovable([entry(1), entry(2)], diskSize: 2)
    }

    @Test func theAgeIsCountedFromTheSealing() {
        let age = SegmentAge(seen: start)
        #expect(!isOld(age, after: .zero))
        #expect(!isOld(age, after: .seconds(59)))
        #expect(isOld(age, after: .seconds(60)))
        #expect(isOld(age, after: .zero, keeping: .zero))
    }

    // MARK: Segments that an opening finds

    private let run = KernelRun(boot: BootID(low: 1, high: 2), uptime: 100_000_000)
    private let otherRun = BootID(low: 3, high: 4)

    /// The ages of segments at an opening. Each segment has the boot and the uptime of its first use, and the time of its last
    /// record.
    private func ages(_ segments: [(boot: BootID, uptime: Int64, lastTime: Int64)], time: Timestamp) -> [Duration] {
        let headers = segments.enumerated().map { index, segment in
            var header = SegmentHeader(
                logID: LogID(low: 1, high: 1), segmentNumber: UInt64(index + 1), incarnation: 1, capacity: 1 << 16,
                state: .active)
            header.bootID = segment.boot
            header.uptime = segment.uptime
            return header
        }
        return AgesAtOpening(run: run, time: time, seen: start).of(headers, lastTimes: segments.map(\.lastTime))
            .map { $0.at(start) }
    }

    @Test func recordsOfTheFutureAreNotKeptForEver() {
        let now = Timestamp.now
        for last in [now.rawValue + decade, Int64.max] {
            let age = SegmentAge(ages([(otherRun, 5, last)], time: now)[0], seen: start)
            #expect(!isOld(age, after: .seconds(59)))
            #expect(isOld(age, after: .seconds(60)))
        }
    }

    @Test func recordsOfAnEarlierRunGoByTheirTimes() {
        let now = Timestamp.now
        let last = (now - .seconds(50)).rawValue
        #expect(ages([(otherRun, 5, last)], time: now) == [.seconds(50)])
        // A segment of an earlier version without an uptime, and one of a kernel without a boot identifier.
        #expect(ages([(run.boot, 0, last)], time: now) == [.seconds(50)])
        #expect(ages([(.unknown, 5, last)], time: now) == [.seconds(50)])
        #expect(ages([(otherRun, 5, .min)], time: now) == [.zero])
    }

    /// Records of a few seconds ago were removed if the clock was set forward between two openings.
    @Test func recordsOfThisRunGoByTheKernelsUptime() {
        let now = Timestamp.now
        for last in [now.rawValue - decade, now.rawValue, now.rawValue + decade] {
            let found = ages(
                [(run.boot, 10_000_000, last), (run.boot, 40_000_000, last), (run.boot, 99_000_000, last)], time: now)
            #expect(found == [.seconds(60), .seconds(1), .zero])
        }
        // The segments of an earlier run ended before the first segment of this run.
        #expect(
            ages([(otherRun, 500_000_000, now.rawValue), (run.boot, 30_000_000, 0)], time: now)
                == [.seconds(70), .zero])
    }

    /// An uptime in the future comes from another time namespace, or from damage.
    @Test func anUptimeOfTheFutureDoesNotCount() {
        let now = Timestamp.now
        let last = (now - .seconds(50)).rawValue
        #expect(
            ages([(run.boot, 100_000_001, last), (run.boot, .min, last)], time: now) == [.seconds(50), .seconds(50)])
    }

    @Test func aJumpIsToldOnce() {
        var watch = ClockWatch()
        let time = Timestamp.now
        #expect(watch.jump(time: time, at: start) == nil)
        #expect(watch.jump(time: time + .seconds(10), at: start + .seconds(10)) == nil)
        #expect(watch.jump(time: time + .seconds(3611), at: start + .seconds(11)) == .seconds(3600))
        #expect(watch.jump(time: time + .seconds(3612), at: start + .seconds(12)) == nil)
        #expect(watch.jump(time: time + .seconds(13), at: start + .seconds(13)) == nil)
        #expect(watch.jump(time: time + .seconds(100), at: start + .seconds(100)) == nil)
        #expect(watch.jump(time: time + .seconds(50), at: start + .seconds(101)) == .seconds(-51))
    }
}
