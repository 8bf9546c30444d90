import Testing

@testable import WAL

/// Retention went by the times of records: with a clock ten years ahead everything was kept for ten years, and a jump forward let
/// go of records of seconds ago.
@Suite struct RetentionAgeTests {
    private let start = ContinuousClock.now
    private let decade: Int64 = 315_360_000_000_000

    private func isOld(_ age: SegmentAge, after duration: Duration, keeping kept: Duration = .seconds(60)) -> Bool {
        func entry(_ number: UInt64) -> EngineState.Entry {
            var header = SegmentHeader(
                logID: LogID(low: 1, high: 1), segmentNumber: number, incarnation: 1, capacity: 1 << 16, state: .active)
            header.baseSequence = number
            let summary = SegmentSummary(header)
            let footer = summary.footer(
                at: SegmentEnd(offset: SegmentHeader.size, recordCount: 1), after: NamedPositions())
            return unsafe EngineState.Entry(
                segment: Segment(header: header, path: "\(number)"), end: nil, footer: footer, fileSize: 1, live: nil,
                slot: nil, age: age)
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

    @Test func recordsOfTheFutureAreNotKeptForEver() {
        let now = Timestamp.now
        for last in [now.rawValue + decade, Int64.max] {
            let age = SegmentAge(ofRecordsUpTo: last, time: now, seen: start)
            #expect(!isOld(age, after: .seconds(59)))
            #expect(isOld(age, after: .seconds(60)))
        }
    }

    @Test func recordsOfAnEarlierOpeningGoByTheirTimes() {
        let now = Timestamp.now
        let age = SegmentAge(ofRecordsUpTo: (now - .seconds(50)).rawValue, time: now, seen: start)
        #expect(!isOld(age, after: .seconds(9)))
        #expect(isOld(age, after: .seconds(10)))
        #expect(!isOld(SegmentAge(ofRecordsUpTo: .min, time: now, seen: start), after: .zero))
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
