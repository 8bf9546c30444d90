import Testing
import WAL
import WALDelivery

@testable import WALJournal

@Suite struct LaneKeyTests {
    private struct Order: Codable, Sendable {
        var customer: String
    }

    @Test func isTheHashOfTheEventsKey() throws {
        let format = EventFormat<Order>.json(type: "order")
        let key = format.laneKey { $0.customer }
        let payload = try format.envelope(["trace": "1"]) + format.encode(Order(customer: "ada"))
        #expect(key(payload.span.bytes) == StableHash.of("ada"))
        // A barrier would hold up all other records.
        let other = try EventFormat<Order>.json(type: "other").envelope([:]) + format.encode(Order(customer: "ada"))
        #expect(key(other.span.bytes) == 0)
        #expect(key([UInt8]().span.bytes) == 0)
    }
}
