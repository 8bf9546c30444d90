import Testing

@testable import WAL

@Suite struct RecentDurationsTests {
    @Test func durationsCountForOneToTwoMinutes() {
        var recent = RecentDurations()
        let begin = ContinuousClock.now
        recent.record(.seconds(2), at: begin)
        recent.record(.milliseconds(1), at: begin + .seconds(70))
        let both = recent.histogram(at: begin + .seconds(100))
        #expect(both.count == 2 && both.nanoseconds == 2_001_000_000 && both.minimumNanoseconds == 1_000_000)
        #expect(recent.histogram(at: begin + .seconds(140)).nanoseconds == 1_000_000)
        #expect(recent.histogram(at: begin + .seconds(400)).count == 0)
    }
}
