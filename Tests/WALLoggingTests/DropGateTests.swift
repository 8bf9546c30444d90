import Testing

@testable import WALLogging

/// A gate that closed after a success would drop lines that the log accepts.
@Suite struct DropGateTests {
    private static let pause: Duration = .seconds(3600)

    /// While lines are dropped, one thread at a time tries to append.
    @Test func afterAPauseOneThreadTries() throws {
        let gate = DropGate()
        gate.drop(try #require(gate.enter()), pause: .zero)
        let attempt = try #require(gate.enter())
        #expect(gate.enter() == nil)
        gate.drop(attempt, pause: Self.pause)
        #expect(gate.enter() == nil)
        #expect(gate.dropped == 4)
        #expect(gate.takeUnreported() == 4)
        #expect(gate.takeUnreported() == 0)
        gate.restore(4)
        #expect(gate.takeUnreported() == 4)
        gate.open()
        #expect(gate.enter() != nil)
        #expect(gate.enter() != nil)
        #expect(gate.dropped == 4)
    }

    @Test func aLateFailureDoesNotCloseTheGateAfterASuccess() throws {
        let gate = DropGate()
        for round: UInt64 in 1...3 {
            let late = try #require(gate.enter())
            let other = try #require(gate.enter())
            gate.drop(other, pause: Self.pause)
            #expect(gate.enter() == nil)
            gate.open()
            gate.drop(late, pause: Self.pause)
            #expect(gate.enter() != nil)
            #expect(gate.dropped == 3 * round)
        }
    }

    @Test func aLateFailureDoesNotMoveTheEndOfAnotherPause() throws {
        let gate = DropGate()
        let late = try #require(gate.enter())
        gate.drop(late, pause: .zero)
        let attempt = try #require(gate.enter())
        gate.drop(attempt, pause: .zero)
        gate.drop(late, pause: Self.pause)
        #expect(gate.enter() != nil)
    }
}
