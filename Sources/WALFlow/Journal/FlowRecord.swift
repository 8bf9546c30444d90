package import WAL

/// A record in the journal of a task: an event that is never undone.
///
/// FORMAT.md has the byte tables. Applying a record twice has the effect of applying it once (see ``TaskJournal``). So
/// a checkpoint only has to append again the records that a live task still needs.
package struct FlowRecord: Hashable, Sendable {
    /// The id of the task. For a graph, it is the key of the DAG.
    package var taskID: String
    package var event: Event

    package init(_ taskID: String, _ event: Event) {
        self.taskID = taskID
        self.event = event
    }

    package enum Event: Hashable, Sendable {
        /// The shape of a DAG, for tools that don't have the program.
        case graph(hash: UInt64, json: String)
        case begin(Beginning)
        /// A step ended with a value. `label` is the choice of a branch, or the id of the signal that a wait took.
        case result(path: String, attempt: UInt32, time: Timestamp, label: String?, bytes: [UInt8])
        /// An attempt of a step failed. Without `retryAt`, the failure is final.
        case failure(path: String, attempt: UInt32, time: Timestamp, error: String, retryAt: Timestamp?)
        /// A step that must not run twice is about to run.
        case started(path: String, attempt: UInt32)
        /// A step waits for a signal, for a time, or for both.
        case wait(path: String, signal: String?, due: Timestamp?)
        case signal(path: String, id: String, payload: [UInt8])
        case control(Control)
        /// A process is about to run the first step of an unfinished task, for the `count`th time without a step's end in between.
        case resumed(count: UInt32)
        case end(Ending)
        /// The final callback returned.
        case delivered(time: Timestamp)
        /// The value that ``FlowStep/once(_:_:)`` computed.
        case memo(path: String, name: String, bytes: [UInt8])
        /// A message that a step sends to a sink with its result.
        case emit(path: String, attempt: UInt32, number: UInt32, sink: String, bytes: [UInt8])
        /// The fields with which a tracer continues the task's trace after a restart, by the tracer's own names.
        case trace(fields: [String: String])
    }

    /// The start of a task.
    package struct Beginning: Hashable, Sendable {
        package var dag: String
        package var graph: UInt64
        package var priority: Int32
        package var maxRetries: Int32
        package var createdAt: Timestamp
        package var input: [UInt8]
    }

    /// An action of a person or a program on a task. Each control has a higher number than the one before.
    package struct Control: Hashable, Sendable {
        package enum Action: UInt8, Hashable, Sendable {
            case pause = 1
            case resume = 2
            /// The results of `paths` are void, and their steps run again.
            case retry = 3
            /// The task continues with the graph that has this hash.
            case accept = 4
        }

        package var number: UInt32
        package var action: Action
        package var time: Timestamp
        package var paths: [String] = []
        package var graph: UInt64 = 0
        package var reason: String?

        /// The reason in an accept that a start journals because the task fits the changed graph. Such an accept forgets no
        /// attempts.
        package static let reasonOfStart = "start"
    }

    /// The end of a task.
    package struct Ending: Hashable, Sendable {
        package enum Status: UInt8, Hashable, CaseIterable, Sendable {
            case completed = 2
            case failed = 3
            case cancelled = 4
        }

        package var status: Status
        package var time: Timestamp
        package var output: [UInt8]?
        package var error: String?
        /// The path of the step that failed.
        package var path: String?

        package init(
            status: Status, time: Timestamp, output: [UInt8]? = nil, error: String? = nil, path: String? = nil
        ) {
            self.status = status
            self.time = time
            self.output = output
            self.error = error
            self.path = path
        }
    }
}
