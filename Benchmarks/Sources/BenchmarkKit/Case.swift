public import BenchmarkReport

/// One contender's way to do the compared work.
public struct Case: Sendable {
    public let comparison: Comparison
    public let contender: Contender
    /// The number of runs in a round.
    let repeats: Int
    /// About how much memory it uses, page cache included.
    let memory: Int
    /// Runs the case once, in an empty directory that is removed afterwards.
    let run: @Sendable (String) async throws -> Outcome

    public init(
        _ comparison: Comparison, _ contender: Contender, repeats: Int = 1, memory: Int = 512 << 20,
        run: @escaping @Sendable (String) async throws -> Outcome
    ) {
        self.comparison = comparison
        self.contender = contender
        self.repeats = repeats
        self.memory = memory
        self.run = run
    }
}

/// The result of one measurement.
public struct Outcome: Sendable {
    var values: [(quantity: Quantity, value: Double)] = []
    /// Each call's nanoseconds.
    var latencies: [UInt32] = []
    var stalls: [Stall] = []

    public init() {}

    public init(_ quantity: Quantity, _ value: Double) {
        values = [(quantity, value)]
    }

    public mutating func add(_ quantity: Quantity, _ value: Double) {
        values.append((quantity, value))
    }

    public static func rate(records: Int, seconds: Double) -> Outcome {
        Outcome(.recordsPerSecond, Double(records) / seconds)
    }

    public mutating func add(latencies: [UInt32], stalls: [Stall] = []) {
        self.latencies += latencies
        self.stalls += stalls
    }
}

/// A call that took over a millisecond, and what its thread did meanwhile.
public struct Stall: Codable, Sendable {
    /// The number of the call.
    public let index: Int
    public let milliseconds: Double
    /// The number of times that the thread went to sleep, for a segment or for the disk.
    public let sleeps: Int
    /// The number of times that another thread got its core.
    public let preemptions: Int

    public init(index: Int, milliseconds: Double, sleeps: Int, preemptions: Int) {
        self.index = index
        self.milliseconds = milliseconds
        self.sleeps = sleeps
        self.preemptions = preemptions
    }
}
