public import CLimits

/// Times each call of a loop without a gap between them. The clock's own 20 ns or so are part of each.
public struct Stopwatch: ~Copyable {
    @usableFromInline static let stallMin: UInt64 = 1_000_000

    @usableFromInline let latencies: UnsafeMutableBufferPointer<UInt32>
    @usableFromInline var count = 0
    @usableFromInline var last: UInt64
    private var usage = climits_thread_usage()
    public private(set) var stalls: [Stall] = []

    /// - Parameter capacity: The largest number of timed calls.
    public init(capacity: Int) {
        latencies = .allocate(capacity: capacity)
        // Touches the pages now, so that the loop has no page faults.
        latencies.initialize(repeating: 0)
        climits_use(&usage)
        last = climits_now()
    }

    deinit {
        latencies.deallocate()
    }

    /// Starts the loop.
    public mutating func start() {
        climits_use(&usage)
        last = climits_now()
    }

    /// Ends a call, and starts the next one. Returns the time.
    @inlinable @inline(__always) @discardableResult
    public mutating func lap() -> UInt64 {
        let now = climits_now()
        note(now &- last)
        last = now
        return now
    }

    /// Ends a call that was due at this time. Its delay before the start counts, too.
    @inlinable @inline(__always)
    public mutating func lap(due: UInt64) {
        last = climits_now()
        note(last &- due)
    }

    @inlinable @inline(__always)
    mutating func note(_ nanoseconds: UInt64) {
        latencies[count] = UInt32(clamping: nanoseconds)
        count += 1
        if nanoseconds > Self.stallMin { noteStall(nanoseconds) }
    }

    @usableFromInline @inline(never)
    mutating func noteStall(_ nanoseconds: UInt64) {
        let before = usage
        climits_use(&usage)
        stalls.append(
            Stall(
                index: count - 1, milliseconds: Double(nanoseconds) / 1e6, sleeps: usage.sleeps - before.sleeps,
                preemptions: usage.preemptions - before.preemptions))
    }

    @inlinable public var isFull: Bool { count == latencies.count }

    /// The timed durations.
    public var result: [UInt32] { Array(latencies[..<count]) }
}

extension Stopwatch {
    public var outcome: Outcome {
        var outcome = Outcome()
        outcome.add(latencies: result, stalls: stalls)
        return outcome
    }
}
