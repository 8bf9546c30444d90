import Foundation
import Testing
import WAL

@Suite struct SequenceNumberTests {
    @Test func `sequence numbers stride`() {
        let first: SequenceNumber = 5
        #expect(first.advanced(by: 3) == 8)
        #expect(first.advanced(by: -5) == .zero)
        #expect(first.distance(to: 2) == -3)
        #expect((first...8).map(\.rawValue) == [5, 6, 7, 8])
    }

    @Test func `sequence numbers and times are coded as their raw values`() throws {
        let time = try #require(Timestamp("2011-09-30T22:38:44.546Z"))
        let json = try JSONEncoder().encode([7 as SequenceNumber])
        #expect(String(decoding: json, as: UTF8.self) == "[7]")
        #expect(try JSONDecoder().decode([SequenceNumber].self, from: json) == [7])
        #expect(try JSONDecoder().decode([Timestamp].self, from: JSONEncoder().encode([time])) == [time])
    }

    @Test func `times differ by durations`() {
        let (early, late) = (Timestamp(rawValue: -5), Timestamp(rawValue: 2_000_000))
        #expect(late - early == .microseconds(2_000_005))
        #expect(early + (late - early) == late)
    }
}
