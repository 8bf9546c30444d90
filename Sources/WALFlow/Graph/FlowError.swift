/// An error in declaring a DAG, or of a call to a ``FlowRunner``, with its remedy.
public struct FlowError: Error, Sendable, CustomStringConvertible {
    /// The kind of an error. More kinds may come: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// Two nodes of a graph have the same id.
        public static let duplicateNode = Code("duplicateNode")
        /// An id is empty, too long, or has one of the characters that paths use.
        public static let invalidID = Code("invalidID")
        /// An edge, a condition, a label or a call names a node that doesn't exist, or a value is for a node that doesn't wait for one.
        public static let unknownNode = Code("unknownNode")
        /// The edges form a cycle.
        public static let cycle = Code("cycle")
        /// A node can't be reached from the first one.
        public static let unreachableNode = Code("unreachableNode")
        /// A branch has no labels, or a step chose a label that no node follows.
        public static let unknownLabel = Code("unknownLabel")
        /// A node belongs to another graph.
        public static let foreignNode = Code("foreignNode")
        /// An option is out of its range.
        public static let invalidOption = Code("invalidOption")
        /// The graph can't be changed any more, because a runner has it.
        public static let frozen = Code("frozen")
        /// The runner has no DAG with this key, or two with the same one.
        public static let unknownDAG = Code("unknownDAG")
        /// There is no live task with this id.
        public static let unknownTask = Code("unknownTask")
        /// The id belongs to a task of another DAG, or with another input.
        public static let idInUse = Code("idInUse")
        /// An input or a result is larger than the limit.
        public static let valueTooLarge = Code("valueTooLarge")
        /// The live tasks take the whole room that the storage's disk budget has for them.
        public static let logFull = Code("logFull")
        /// The coder can't encode or decode a value.
        public static let undecodable = Code("undecodable")
        /// The task failed; see ``FlowError/failure``.
        public static let taskFailed = Code("taskFailed")
        /// The task was canceled.
        public static let taskCancelled = Code("taskCancelled")
        /// The output's node was skipped, so the task has no output.
        public static let noOutput = Code("noOutput")
        /// The task isn't in a state for this call.
        public static let wrongState = Code("wrongState")
        /// The runner was closed.
        public static let closed = Code("closed")
        /// The storage or its log failed; see ``FlowError/cause``.
        public static let storageFailed = Code("storageFailed")
        /// A caller's task was canceled while it waited.
        public static let waitCancelled = Code("waitCancelled")
    }

    /// The kind of the error.
    public var code: Code
    /// The error and its remedy, as sentences.
    public var message: String
    /// The step that failed, if one did.
    public var failure: FlowFailure?
    /// The underlying error, if any.
    public var cause: (any Error)?

    /// Makes an error.
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
