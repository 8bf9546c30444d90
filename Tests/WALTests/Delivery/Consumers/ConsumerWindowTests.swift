import Testing
import WAL

@testable import WALDelivery

/// A position past an unacknowledged record loses that record at the next start. A position that doesn't move repeats records.
@Suite struct ConsumerWindowTests {
    private static func window(
        at position: SequenceNumber = 0, attempts: Int = 0, knownLast: SequenceNumber = 0, limit: Int = 4
    ) -> ConsumerWindow {
        ConsumerWindow(position: position, knownLast: knownLast, attempts: attempts, limit: limit)
    }

    private func deliver(_ window: inout ConsumerWindow, _ number: UInt64) throws -> (ticket: Int, redeliveries: Int) {
        let delivered = window.deliver(through: SequenceNumber(rawValue: number))
        return try #require(delivered)
    }

    private func acknowledge(_ window: inout ConsumerWindow, _ ticket: Int, moves: Bool) {
        let hasMoved = window.acknowledge(ticket)
        #expect(hasMoved == moves)
    }

    @Test func thePositionFollowsTheOldestOpenDelivery() throws {
        var window = Self.window()
        let tickets = try (1...4).map { try deliver(&window, $0).ticket }
        #expect(window.isFull)
        acknowledge(&window, tickets[2], moves: false)
        acknowledge(&window, tickets[1], moves: false)
        #expect(window.position == 0)
        #expect(window.isFull)
        acknowledge(&window, tickets[0], moves: true)
        #expect(window.position == 3)
        #expect(window.openCount == 1)
        acknowledge(&window, tickets[3], moves: true)
        #expect(window.position == 4)
        acknowledge(&window, tickets[3], moves: false)
        acknowledge(&window, tickets[0], moves: false)
        acknowledge(&window, 99, moves: false)
    }

    /// A gap whose end isn't known has no number of its own. A window of one delivery waits for it all the same.
    @Test func aGapWithoutAnEndMakesRoom() throws {
        var window = Self.window(at: 5, limit: 1)
        let ticket = try deliver(&window, 5).ticket
        #expect(window.isFull)
        acknowledge(&window, ticket, moves: true)
        #expect(!window.isFull && window.position == 5)
    }

    @Test func numbersWithoutRecordsCountOnceAllBeforeThemIsDone() throws {
        var window = Self.window()
        window.pass(through: 3)
        #expect(window.position == 3)
        let ticket = try deliver(&window, 4).ticket
        window.pass(through: 9)
        #expect(window.position == 3)
        acknowledge(&window, ticket, moves: true)
        #expect(window.position == 9)
    }

    @Test func aRestartBringsWhatIsNotDoneWithItsCount() throws {
        var window = Self.window(at: 10, attempts: 2, knownLast: 13)
        let tickets = try (11...13).map { try deliver(&window, $0) }
        #expect(tickets.map(\.redeliveries) == [2, 0, 0])
        acknowledge(&window, tickets[1].ticket, moves: false)
        window.restart()
        #expect(window.position == 10)
        // The old tickets are invalid.
        acknowledge(&window, tickets[0].ticket, moves: false)
        let first = try deliver(&window, 11)
        #expect(first.redeliveries == 3)
        let done = window.deliver(through: 12)
        #expect(done == nil)
        let third = try deliver(&window, 13)
        #expect(third.redeliveries == 1)
        acknowledge(&window, first.ticket, moves: true)
        #expect(window.position == 12)
        acknowledge(&window, third.ticket, moves: true)
        #expect(window.position == 13)
    }

    /// A delivery that was acknowledged must not come again, however often iterations begin before an older one is acknowledged.
    @Test func whatIsDoneStaysDoneThroughRestarts() throws {
        var window = Self.window()
        let tickets = try (1...3).map { try deliver(&window, $0).ticket }
        acknowledge(&window, tickets[1], moves: false)
        for round in 1...3 {
            window.restart()
            let first = try deliver(&window, 1)
            #expect(first.redeliveries == round)
            let done = window.deliver(through: 2)
            #expect(done == nil)
            let third = try deliver(&window, 3)
            #expect(window.openCount == 3)
            guard round == 3 else { continue }
            acknowledge(&window, first.ticket, moves: true)
            #expect(window.position == 2)
            acknowledge(&window, third.ticket, moves: true)
            #expect(window.position == 3)
        }
    }

    /// A gap whose end isn't known has the number of the record before it.
    @Test func aGapWithoutAnEndDoesNotStandForTheRecordBeforeIt() throws {
        var window = Self.window(attempts: 1, knownLast: 1)
        let record = try deliver(&window, 1)
        let gap = try deliver(&window, 1)
        #expect(record.redeliveries == 1)
        #expect(gap.redeliveries == 0)
        acknowledge(&window, gap.ticket, moves: false)
        window.restart()
        let again = try deliver(&window, 1)
        #expect(again.redeliveries == 2)
        acknowledge(&window, again.ticket, moves: true)
        #expect(window.position == 1)
    }

    @Test func allAtOnce() throws {
        var window = Self.window(limit: .max)
        let ticket = try deliver(&window, 1).ticket
        _ = window.deliver(through: 2)
        window.acknowledgeAll()
        #expect(window.position == 2)
        window.acknowledgeAll()
        #expect(window.position == 2)
        acknowledge(&window, ticket, moves: false)
        let third = try deliver(&window, 3)
        #expect(third.redeliveries == 0)
    }

    /// Compares with a plain model, in random order: the position is the end of the longest acknowledged prefix.
    @Test func agreesWithAModel() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var window = Self.window(limit: 5000)
            var tickets: [(ticket: Int, number: UInt64)] = []
            var open: Set<UInt64> = []
            var last: UInt64 = 0
            for _ in 0..<3000 {
                if Bool.random(using: &generator), !window.isFull {
                    last += 1
                    let delivered = try deliver(&window, last)
                    tickets.append((delivered.ticket, last))
                    open.insert(last)
                } else if !tickets.isEmpty {
                    let index = tickets.indices.suffix(20).randomElement(using: &generator) ?? 0
                    let done = tickets.remove(at: Bool.random(using: &generator) ? 0 : index)
                    _ = window.acknowledge(done.ticket)
                    open.remove(done.number)
                }
                #expect(window.position.rawValue == (open.min().map { $0 - 1 } ?? last))
            }
        }
    }
}
