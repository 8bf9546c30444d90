/// An error in the declaration of a DAG or of a call to a ``FlowRunner``, with its remedy.
public struct FlowError: Error, Sendable, CustomStringConvertible {
    /// The kind of an error. Later versions may add kinds: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// Two nodes of a graph have the same id.
        public static let duplicateNode = Code("duplicateNode")
        /// An id is empty, is too long, or contains one of the characters that paths use.
        public static let invalidID = Code("invalidID")
        /// An edge, a condition, a label or a call names a node that doesn't exist. Or a value was submitted to a node
        /// that doesn't wait for one.
        public static let unknownNode = Code("unknownNode")
        /// The edges form a cycle.
        public static let cycle = Code("cycle")
        /// A node follows no other, or can't be reached from the first one.
        public static let unreachableNode = Code("unreachableNode")
        /// A branch has no labels, or a step chose a label that no node follows.
        public static let unknownLabel = Code("unknownLabel")
        /// A node belongs to another graph.
        public static let foreignNode = Code("foreignNode")
        /// An option is out of its range.
        public static let invalidOption = Code("invalidOption")
        /// The graph can no longer change, because a runner has it.
        public static let frozen = Code("frozen")
        /// The runner has no DAG with this key, or two DAGs have the same key.
        public static let unknownDAG = Code("unknownDAG")
        /// There is no live task with this id.
        public static let unknownTask = Code("unknownTask")
        /// The id belongs to a task of another DAG, or to a task with another input.
        public static let idInUse = Code("idInUse")
        /// An input or a result is larger than the limit.
        public static let valueTooLarge = Code("valueTooLarge")
        /// The live tasks take all the room that the storage's disk budget leaves for them.
        public static let logFull = Code("logFull")
        /// The coder can't encode or decode a value.
        public static let undecodable = Code("undecodable")
        /// The task failed; see ``FlowError/failure``.
        public static let taskFailed = Code("taskFailed")
        /// The task was canceled.
        public static let taskCancelled = Code("taskCancelled")
        /// The node of the output was skipped, so the task has no output.
        public static let noOutput = Code("noOutput")
        /// The state of the task doesn't allow this call.
        public static let wrongState = Code("wrongState")
        /// The runner was closed.
        public static let closed = Code("closed")
        /// The storage or its log failed; see ``FlowError/cause``.
        public static let storageFailed = Code("storageFailed")
        /// The task of the caller was canceled during a wait.
        public static let waitCancelled = Code("waitCancelled")
    }

    /// The kind of the error.
    public var code: Code
    /// The error and its remedy, as full sentences.
    public var message: String
    /// The failure of the step that failed, if there is one.
    public var failure: FlowFailure?
    /// The underlying error, if there is one.
    public var cause: (any Error)?

    /// Makes an error. Each argument sets the property of the same name.
    public init(_ code: Code, _ message: String, failure: FlowFailure? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.failure = failure
        self.cause = cause
    }

    public var description: String {
        let below = cause.map { " Cause: \($0)" } ?? ""
        return "\(code): \(message)\(below)"
    }
}
