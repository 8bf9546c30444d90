#if Tracing
    public import Tracing
#endif

/// The configuration of a ``FlowRunner``.
public struct FlowConfiguration: Sendable {
    /// The activities that a task's steps write by themselves.
    public enum Activities: Hashable, Sendable {
        /// The beginning and the end of each task.
        case tasks
        /// Also the end of each step's attempt.
        case steps
    }

    /// The largest number of steps that run at the same time. Must be at least 1.
    public var concurrency: Int
    /// The shortest time between two rows of a task that only show its progress. Rows of the beginning, of the end, and of a wait are
    /// always written.
    public var rowInterval: Duration
    /// The activities that a task's steps write by themselves.
    public var activities: Activities
    /// The number of restarts without the end of a step after which a task fails: one of its steps may end the process each time. Must be
    /// at least 1.
    public var maxResumptions: Int
    /// The largest size of an input, a result, or a signal in bytes, 1 to 64 MiB. It is at most a quarter of the
    /// storage's segment size.
    public var maxValueSize: Int
    /// The bytes of journal after which the runner writes live tasks again, so that the log can drop old segments. More if live tasks take more
    /// than a quarter of it. Must be at least 64 KiB.
    public var checkpointSize: Int
    /// The time that a failed task can be retried. Then it is forgotten.
    public var failedRetention: Duration
    /// The time that ``FlowRunner/close()`` waits for steps, and then for steps that it canceled.
    public var closeTimeout: Duration
    /// Whether each value goes through the coder before the next step gets it, as after a restart. For tests: a value that doesn't survive
    /// its coder differs after a crash.
    public var verifiesCoding: Bool
    #if Tracing
        /// The tracer of the spans of tasks and steps. Nil for that of `InstrumentationSystem`, as it is when the runner is made.
        public var tracer: (any Tracer)?
    #endif

    /// Makes a configuration. Each argument has a default.
    public init(
        concurrency: Int = 256, rowInterval: Duration = .seconds(1), activities: Activities = .steps,
        maxResumptions: Int = 20, maxValueSize: Int = 1 << 20, checkpointSize: Int = 64 << 20,
        failedRetention: Duration = .seconds(7 * 86_400), closeTimeout: Duration = .seconds(15),
        verifiesCoding: Bool = false
    ) {
        self.concurrency = concurrency
        self.rowInterval = rowInterval
        self.activities = activities
        self.maxResumptions = maxResumptions
        self.maxValueSize = maxValueSize
        self.checkpointSize = checkpointSize
        self.failedRetention = failedRetention
        self.closeTimeout = closeTimeout
        self.verifiesCoding = verifiesCoding
    }

    /// Checks that all values are within their ranges.
    ///
    /// - Throws: ``FlowError``: `invalidOption` with the property, its range and its value.
    public func validate() throws(FlowError) {
        let ranges = [
            ("concurrency", concurrency, 1...1 << 20), ("maxResumptions", maxResumptions, 1...1 << 30),
            ("maxValueSize", maxValueSize, 1...64 << 20), ("checkpointSize", checkpointSize, 64 << 10...1 << 40),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw FlowError(
                .invalidOption, "\(name) is \(value). Use \(range.lowerBound) to \(range.upperBound).")
        }
        let times = [
            ("rowInterval", rowInterval), ("failedRetention", failedRetention), ("closeTimeout", closeTimeout),
        ]
        for (name, value) in times where value < .zero {
            throw FlowError(.invalidOption, "\(name) is \(value). Use a duration of at least 0.")
        }
    }
}
