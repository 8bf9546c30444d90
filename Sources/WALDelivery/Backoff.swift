internal import WAL

/// Exponentially growing pauses between attempts, with full jitter. The jitter keeps many clients of a recovering
/// database from retrying in step.
///
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
package struct Backoff<Generator: RandomNumberGenerator> {
    private var attempts = 0
    private var generator: Generator

    package init(generator: Generator) {
        self.generator = generator
    }

    /// The bounds of the longest possible pause.
    static var shortest: Duration { .milliseconds(50) }
    static var longest: Duration { .seconds(30) }

    /// The upper bound of the next pause. It doubles from 50 ms to 30 s.
    var ceiling: Duration {
        min(Self.shortest * (1 << min(attempts, 10)), Self.longest)
    }

    /// Draws the next pause.
    package mutating func next() -> Duration {
        let microseconds = Int64(ceiling / .microseconds(1))
        attempts += 1
        return .microseconds(Int64.random(in: 0...microseconds, using: &generator))
    }

    /// Makes the next pause short again, after a success.
    package mutating func reset() {
        attempts = 0
    }
}
