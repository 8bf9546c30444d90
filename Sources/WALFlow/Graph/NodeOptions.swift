/// How a node runs. Each value has a default, so name those that differ.
public struct NodeOptions: Sendable {
    /// When a step's result survives a power loss.
    public enum Durability: String, Hashable, Sendable {
        /// A result that was written survives the process. A power loss may take the results of the last few milliseconds: those steps
        /// run again, with the same key.
        case written
        /// The node's successors start only once its result survives a power loss.
        case durable
    }

    /// What a restart does with a step that was running.
    public enum Execution: String, Hashable, Sendable {
        /// It runs again, with the same ``FlowStep/key``.
        case atLeastOnce
        /// It fails with the code `interrupted`. The journal knows of each start before it happens, which costs a sync.
        case atMostOnce
    }

    /// When failed attempts are repeated. Nil for the retries of the task, with pauses from 1 s to 5 min; with `.atMostOnce`, nil is the
    /// only choice besides ``RetryPolicy/never``, because there is one attempt.
    public var retry: RetryPolicy?
    /// The longest time of an attempt. Nil for no limit.
    public var timeout: Duration?
    /// When the result survives a power loss. Nil for the durability of the DAG.
    public var durability: Durability?
    /// What a restart does with a step that was running.
    public var execution: Execution
    /// The largest number of steps of this node that run at the same time in one process. Nil for the limits of the DAG and the runner.
    public var concurrency: Int?
    /// The executor for the node's steps, such as a ``ThreadExecutor`` for steps that block. Nil for the cooperative pool.
    public var executor: (any TaskExecutor)?

    /// Makes options.
    public init(
        retry: RetryPolicy? = nil, timeout: Duration? = nil, durability: Durability? = nil,
        execution: Execution = .atLeastOnce, concurrency: Int? = nil, executor: (any TaskExecutor)? = nil
    ) {
        self.retry = retry
        self.timeout = timeout
        self.durability = durability
        self.execution = execution
        self.concurrency = concurrency
        self.executor = executor
    }
}
