#if Tracing
    public import Tracing
#endif

/// The settings of a ``FlowRunner``.
public struct FlowConfiguration: Sendable {
    /// The activities that the runner writes for a task.
    public enum Activities: Hashable, Sendable {
        /// The beginning and the end of each task.
        case tasks
        /// The beginning and the end of each task, and the end of each attempt of a step.
        case steps
    }

    /// The largest number of steps that run at the same time, at least 1.
    public var concurrency: Int
    /// The shortest time between two rows of a task that only show its progress. Rows for the beginning, the end and a
    /// wait are always written.
    public var rowInterval: Duration
    /// The activities that the runner writes for a task.
    public var activities: Activities
    /// The number of restarts without the end of a step after which a task fails: one of its steps may end the process each time. A restart
    /// counts for a task once one of its steps begins. Must be at least 1.
    public var maxResumptions: Int
    /// The largest size of an input, a result or a signal, in bytes: 1 byte to 64 MiB. It is limited to a quarter of
    /// the storage's segment size.
    public var maxValueSize: Int
    /// The number of bytes of the journal after which the runner writes live tasks again, at least 64 KiB. Then the log
    /// can remove old segments. If live tasks take more than a quarter of it, the runner waits until the journal has
    /// four times their size.
    public var checkpointSize: Int
    /// The time for which a failed task can be retried. After that, the runner forgets the task.
    public var failedRetention: Duration
    /// The time for which ``FlowRunner/close()`` waits for running steps, and then again for the steps that it has
    /// canceled.
    public var closeTimeout: Duration
    /// Whether each value goes through the coder before the next step gets it, as after a restart. This is for tests:
    /// it reveals a value that its coder doesn't preserve.
    public var verifiesCoding: Bool
    #if Tracing
        /// The tracer of the spans of tasks and steps. Nil means the tracer that `InstrumentationSystem` has when the
        /// runner is made.
        public var tracer: (any Tracer)?
    #endif

    /// Makes a configuration. Each argument sets the property of the same name, and each omitted argument has its
    /// default value.
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
    /// - Throws: ``FlowError`` with the code `invalidOption`. Its message has the property, its range and its value.
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
