import Testing

@testable import WAL
@testable import WALDelivery

@Suite struct CircuitBreakerTests {
    private func breaker(failures: Int) -> CircuitBreaker {
        var breaker = CircuitBreaker(failuresMax: 3, interval: .seconds(5))
        for index in 0..<failures { _ = breaker.failed(worker: index % 2, now: .zero) }
        return breaker
    }

    @Test func opensAfterFailuresInARowOnly() {
        var interrupted = breaker(failures: 2)
        #expect(interrupted.succeeded() == false)
        #expect(interrupted.failed(worker: 0, now: .zero) == .backOff)
        #expect(interrupted.failed(worker: 1, now: .zero) == .backOff)
        #expect(interrupted.failed(worker: 0, now: .zero) == .opened)
        #expect(interrupted.state == .open)
    }

    @Test func oneProbesAndTheOthersStayParked() {
        var breaker = breaker(failures: 3)
        #expect(breaker.permission(worker: 0, now: .seconds(4)) == .wait(until: .seconds(5)))
        #expect(breaker.permission(worker: 1, now: .seconds(5)) == .go)
        #expect(breaker.state == .probing)
        #expect(breaker.permission(worker: 0, now: .seconds(5)) == .wait(until: .seconds(10)))
        #expect(
            breaker.permission(worker: 1, now: .seconds(5)) == .go, "the prober may call twice, to claim and to apply")
        #expect(breaker.failed(worker: 1, now: .seconds(6)) == .parked)
        #expect(breaker.permission(worker: 0, now: .seconds(10)) == .wait(until: .seconds(11)))
        #expect(breaker.permission(worker: 0, now: .seconds(11)) == .go)
        #expect(breaker.succeeded() == true)
        #expect(breaker.state == .closed)
        #expect(breaker.permission(worker: 1, now: .seconds(11)) == .go)
    }

    @Test func aLateFailureDoesNotEndAnothersProbe() {
        var breaker = breaker(failures: 3)
        #expect(breaker.permission(worker: 0, now: .seconds(5)) == .go)
        #expect(breaker.failed(worker: 1, now: .seconds(6)) == .parked)
        #expect(breaker.state == .probing)
    }

    /// The worker that probes ends without a result. Another one must probe, or no worker calls the sink again.
    @Test func anotherWorkerProbesAfterTheProberEnded() {
        var breaker = breaker(failures: 3)
        #expect(breaker.permission(worker: 1, now: .seconds(5)) == .go)
        breaker.workersEnded()
        #expect(breaker.state == .open)
        #expect(breaker.permission(worker: 0, now: .seconds(5)) == .go)
    }

    @Test func aLateSuccessCloses() {
        var breaker = breaker(failures: 3)
        #expect(breaker.succeeded() == true)
        #expect(breaker.failures == 0)
    }
}
