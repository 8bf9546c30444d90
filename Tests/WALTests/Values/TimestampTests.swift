import Foundation
import Testing

@testable import WAL

@Suite struct TimestampTests {
    /// A retention of the longest duration ended the process.
    @Test func aSumOutOfRangeIsTheLastTimeOrTheFirst() {
        let now = Timestamp(rawValue: 1_700_000_000_000_000)
        #expect(now + .seconds(Int64.max) == Timestamp(rawValue: .max))
        #expect(now - .seconds(Int64.max) == Timestamp(rawValue: .min))
        #expect(Timestamp(rawValue: .min) + .seconds(Int64.max) == Timestamp(rawValue: .max))
        #expect(now + .microseconds(-3) == Timestamp(rawValue: 1_699_999_999_999_997))
    }

    @Test(arguments: [
        ("2011-09-30T22:38:44.546Z", Int64(1_317_422_324_546_000)), ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T12:00:00.123456+02:00", 951_818_400_123_456), ("1969-12-31T23:59:59.999999Z", -1),
    ])
    func timesAreReadAndWritten(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(text)?.rawValue == microseconds)
        let time = Timestamp(rawValue: microseconds)
        #expect(Timestamp(time.description) == time)
    }

    @Test(arguments: [
        "", "2011", "2011-02-29T00:00:00Z", "2011-09-30T24:00:00Z", "2011-09-30T22:38:44", "2011-09-30T22:38:44.Z",
        "2011-09-30T22:38:44Zx",
    ])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    /// A date is a floating-point number of seconds. Its rounding must not change a time.
    @Test func timesArePreservedByDates() {
        var generator = SystemRandomNumberGenerator()
        let years: Int64 = 240 * 31_556_952_000_000
        let edges: [Int64] = [0, -1, 1, 978_307_200_000_000, -years, years, 8_993_000_000_000_000]
        for microseconds in edges + (0..<10_000).map({ _ in .random(in: -years...years, using: &generator) }) {
            let time = Timestamp(rawValue: microseconds)
            #expect(Timestamp(Date(time)) == time)
        }
        #expect(Date(Timestamp(rawValue: 1_500_000)) == Date(timeIntervalSince1970: 1.5))
    }

    @Test func datesOutOfRangeGiveTheNearestTime() {
        #expect(Timestamp(Date(timeIntervalSince1970: 1e300)).rawValue == .max)
        #expect(Timestamp(Date(timeIntervalSince1970: -1e300)).rawValue == .min)
        #expect(Timestamp(Date.distantPast) < Timestamp(Date.distantFuture))
    }
}
