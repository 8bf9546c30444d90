internal import WAL

/// The encoding of ``TaskMutation`` in a log: compact, versioned and little-endian. FORMAT.md has its byte tables.
public enum TaskCodec {
    /// The first byte of every payload.
    static let version: UInt8 = 1

    /// The second byte of every payload. The task's id comes third if there is one, so that its lane can be found
    /// without decoding the rest.
    enum Kind: UInt8 {
        case save = 1
        case log = 2
        case updateStatus = 3
        case delete = 4
        case deleteDAG = 5
        case removeTasks = 6
        case removeActivities = 7
    }

    /// The byte of a saved task that holds the status and marks the times that follow. The other bits are 0.
    enum SavedState {
        static let status: UInt8 = 0b0000_0111
        static let hasStarted: UInt8 = 0b0000_1000
        static let hasCompleted: UInt8 = 0b0001_0000
        static let all = status | hasStarted | hasCompleted
    }

    /// Returns the number of bytes of an encoded mutation.
    public static func size(of mutation: TaskMutation) -> Int {
        ByteCounter.count { put(mutation, into: &$0) }
    }

    /// Encodes a mutation. `output` must have space for ``size(of:)`` bytes.
    public static func encode(_ mutation: TaskMutation, into output: inout OutputRawSpan) {
        put(mutation, into: &output)
    }

    /// Returns an encoded mutation.
    public static func encode(_ mutation: TaskMutation) -> [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: size(of: mutation)) { room, count in
            let bytes = UnsafeMutableRawBufferPointer(room)
            var output = unsafe OutputRawSpan(buffer: bytes, initializedCount: 0)
            put(mutation, into: &output)
            count = unsafe output.finalize(for: bytes)
        }
    }

    private static func put<Output: FieldOutput & ~Copyable & ~Escapable>(
        _ mutation: TaskMutation, into output: inout Output
    ) {
        switch mutation {
        case .save(let task): put(task, into: &output)
        case .log(let activity): put(activity, into: &output)
        case .updateStatus(let id, let status, let error, let time):
            begin(.updateStatus, &output)
            output.put(id)
            output.put(status.code)
            output.put(fixed: time.rawValue)
            output.put(error)
        case .delete(let id):
            begin(.delete, &output)
            output.put(id)
        case .deleteDAG(let id):
            begin(.deleteDAG, &output)
            output.put(id)
        case .removeTasks(let time):
            begin(.removeTasks, &output)
            output.put(fixed: time.rawValue)
        case .removeActivities(let time):
            begin(.removeActivities, &output)
            output.put(fixed: time.rawValue)
        }
    }

    private static func begin<Output: FieldOutput & ~Copyable & ~Escapable>(_ kind: Kind, _ output: inout Output) {
        output.put(version)
        output.put(kind.rawValue)
    }

    static func put<Output: FieldOutput & ~Copyable & ~Escapable>(
        _ task: some SavedFields, into output: inout Output
    ) {
        begin(.save, &output)
        output.put(field: task.id)
        output.put(
            task.status.code | (task.startedAt == nil ? 0 : SavedState.hasStarted)
                | (task.completedAt == nil ? 0 : SavedState.hasCompleted))
        let created = task.createdAt.rawValue
        output.put(fixed: created)
        output.put(zigzag: task.updatedAt.rawValue &- created)
        if let time = task.startedAt { output.put(zigzag: time.rawValue &- created) }
        if let time = task.completedAt { output.put(zigzag: time.rawValue &- created) }
        output.put(zigzag: Int64(task.retryCount))
        output.put(zigzag: Int64(task.maxRetries))
        output.put(zigzag: Int64(task.priority))
        output.put(field: task.dagID)
        output.put(field: task.nodeID)
        output.put(field: task.currentNodeID)
        output.put(field: task.subDAGPath)
        output.put(field: task.processingState)
        output.put(field: task.payload)
        output.put(field: task.error)
    }

    static func put<Output: FieldOutput & ~Copyable & ~Escapable>(
        _ activity: some LoggedFields, into output: inout Output
    ) {
        begin(.log, &output)
        output.put(field: activity.taskID)
        output.put(field: activity.id)
        output.put(fixed: activity.createdAt.rawValue)
        output.put(field: activity.dagID)
        output.put(field: activity.nodeID)
        output.put(field: activity.action)
        output.put(field: activity.message)
        output.put(field: activity.data)
        output.put(field: activity.level)
    }
}

extension TaskStatus {
    /// The status as a byte of the encoding.
    var code: UInt8 {
        switch self {
        case .pending: 0
        case .running: 1
        case .completed: 2
        case .failed: 3
        case .cancelled: 4
        }
    }

    init?(code: UInt8) {
        switch code {
        case 0: self = .pending
        case 1: self = .running
        case 2: self = .completed
        case 3: self = .failed
        case 4: self = .cancelled
        default: return nil
        }
    }
}
