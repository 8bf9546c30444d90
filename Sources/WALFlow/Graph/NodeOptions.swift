/// The options of a node. Each option has a default value, so name only the options that differ.
public struct NodeOptions: Sendable {
    /// The durability of a step's result.
    public enum Durability: String, Hashable, Sendable {
        /// A written result survives the death of the process. A power loss may take the results of the last few
        /// milliseconds. Then those steps run again, with the same key.
        case written
        /// The nodes that follow start only after the result survives a power loss.
        case durable
    }

    /// The way in which a restart treats a step that was running.
    public enum Execution: String, Hashable, Sendable {
        /// The step runs again, with the same ``FlowStep/key``.
        case atLeastOnce
        /// The step fails with the code `interrupted`. The journal records each start before it happens, which costs a
        /// sync.
        case atMostOnce
    }

    /// The policy by which failed attempts are repeated. Nil means the task's number of retries, with pauses from 1 s
    /// to 5 min. With `.atMostOnce` there is one attempt, so only nil and ``RetryPolicy/never`` are allowed.
    public var retry: RetryPolicy?
    /// The longest time of an attempt. Nil means no limit.
    public var timeout: Duration?
    /// When the result survives a power loss. Nil for the durability of the DAG: `.durable` if the DAG of the node or one around it says so.
    public var durability: Durability?
    /// The way in which a restart treats a step that was running.
    public var execution: Execution
    /// The largest number of steps of this node that run at the same time in one process. Nil means that only the
    /// limits of the DAG and the runner apply.
    public var concurrency: Int?
    /// The executor of the node's steps, such as a ``ThreadExecutor`` for steps that block. Nil means the cooperative
    /// pool.
    public var executor: (any TaskExecutor)?

    /// Makes options. Each argument sets the property of the same name, and each omitted argument has its default
    /// value.
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
