import Testing

@testable import WAL
@testable import WALDelivery

@Suite struct BackoffTests {
    /// Always draws the same number. 1 draws the shortest pause (0 would be rejected forever), the largest number the longest.
    private struct Extreme: RandomNumberGenerator {
        var value: UInt64
        mutating func next() -> UInt64 { value }
    }

    @Test func doublesFrom50MillisecondsTo30Seconds() {
        var backoff = Backoff(generator: Extreme(value: .max))
        let pauses = (0..<14).map { _ in backoff.next() }
        #expect(pauses[0] == .milliseconds(50))
        #expect(pauses[1] == .milliseconds(100))
        #expect(pauses[9] == .milliseconds(25_600))
        #expect(pauses[10...].allSatisfy { $0 == .seconds(30) })
        backoff.reset()
        #expect(backoff.next() == .milliseconds(50))
    }

    @Test func jitterIsFull() {
        var lowest = Backoff(generator: Extreme(value: 1))
        for _ in 0..<20 { #expect(lowest.next() == .zero) }
        var real = Backoff(generator: SystemRandomNumberGenerator())
        for _ in 0..<1000 {
            let ceiling = real.ceiling
            #expect((.zero...ceiling).contains(real.next()))
        }
    }

    @Test func triesForEver() {
        var backoff = Backoff(generator: Extreme(value: .max))
        for _ in 0..<10_000 { _ = backoff.next() }
        #expect(backoff.next() == .seconds(30))
    }
}
