package import WAL

// A reader of lines has the texts of a task or an activity as bytes in its own memory. Its records are encoded from there, by the
// encoder of tasks and activities, without a string for each text.

/// A text as the encoder takes it.
package protocol FieldText {
    func put<Output: FieldOutput & ~Copyable & ~Escapable>(into output: inout Output)
}

extension String: FieldText {
    package func put<Output: FieldOutput & ~Copyable & ~Escapable>(into output: inout Output) {
        output.put(self as String?)
    }
}

/// Bytes of valid UTF-8 in memory that its owner keeps while this text is used.
@safe
package struct BorrowedText: FieldText {
    package let bytes: UnsafeRawBufferPointer

    package init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    package func put<Output: FieldOutput & ~Copyable & ~Escapable>(into output: inout Output) {
        unsafe output.put(varint: UInt64(bytes.count) + 1)
        output.put(unsafe RawSpan(_unsafeBytes: bytes))
    }
}

extension FieldOutput where Self: ~Copyable, Self: ~Escapable {
    @_lifetime(self: copy self)
    mutating func put(field text: (some FieldText)?) {
        if let text { text.put(into: &self) } else { put(0 as UInt8) }
    }
}

/// The fields of a saved task as the encoder takes them.
protocol SavedFields {
    associatedtype Text: FieldText
    var id: Text { get }
    var dagID: Text { get }
    var nodeID: Text { get }
    var currentNodeID: Text? { get }
    var subDAGPath: Text? { get }
    var processingState: Text? { get }
    var payload: Text? { get }
    var status: TaskStatus { get }
    var createdAt: Timestamp { get }
    var updatedAt: Timestamp { get }
    var startedAt: Timestamp? { get }
    var completedAt: Timestamp? { get }
    var error: Text? { get }
    var retryCount: Int32 { get }
    var maxRetries: Int32 { get }
    var priority: Int32 { get }
}

/// The fields of a logged activity as the encoder takes them.
protocol LoggedFields {
    associatedtype Text: FieldText
    var id: Text { get }
    var taskID: Text { get }
    var dagID: Text { get }
    var nodeID: Text { get }
    var action: Text { get }
    var message: Text? { get }
    var data: Text? { get }
    var level: Text { get }
    var createdAt: Timestamp { get }
}

extension PersistentTask: SavedFields {}
extension TaskActivityLog: LoggedFields {}

/// A ``PersistentTask`` with borrowed texts.
package struct BorrowedTask: SavedFields {
    package var id, dagID, nodeID: BorrowedText
    package var currentNodeID, subDAGPath, processingState, payload: BorrowedText?
    package var status: TaskStatus
    package var createdAt, updatedAt: Timestamp
    package var startedAt, completedAt: Timestamp?
    package var error: BorrowedText?
    package var retryCount, maxRetries, priority: Int32

    package init(
        id: BorrowedText, dagID: BorrowedText, nodeID: BorrowedText, currentNodeID: BorrowedText?,
        subDAGPath: BorrowedText?, processingState: BorrowedText?, payload: BorrowedText?, status: TaskStatus,
        createdAt: Timestamp, updatedAt: Timestamp, startedAt: Timestamp?, completedAt: Timestamp?,
        error: BorrowedText?, retryCount: Int32, maxRetries: Int32, priority: Int32
    ) {
        (self.id, self.dagID, self.nodeID) = (id, dagID, nodeID)
        (self.currentNodeID, self.subDAGPath) = (currentNodeID, subDAGPath)
        (self.processingState, self.payload, self.error) = (processingState, payload, error)
        (self.status, self.createdAt, self.updatedAt) = (status, createdAt, updatedAt)
        (self.startedAt, self.completedAt) = (startedAt, completedAt)
        (self.retryCount, self.maxRetries, self.priority) = (retryCount, maxRetries, priority)
    }
}

/// A ``TaskActivityLog`` with borrowed texts.
package struct BorrowedActivity: LoggedFields {
    package var id, taskID, dagID, nodeID, action: BorrowedText
    package var message, data: BorrowedText?
    package var level: BorrowedText
    package var createdAt: Timestamp

    package init(
        id: BorrowedText, taskID: BorrowedText, dagID: BorrowedText, nodeID: BorrowedText, action: BorrowedText,
        message: BorrowedText?, data: BorrowedText?, level: BorrowedText, createdAt: Timestamp
    ) {
        (self.id, self.taskID, self.dagID, self.nodeID, self.action) = (id, taskID, dagID, nodeID, action)
        (self.message, self.data, self.level, self.createdAt) = (message, data, level, createdAt)
    }
}

extension RecordBatch {
    /// Adds the save of a task.
    package mutating func append(_ task: BorrowedTask) {
        let count = ByteCounter.count { TaskCodec.put(task, into: &$0) }
        append(count: count, filledBy: { TaskCodec.put(task, into: &$0) })
    }

    /// Adds the logging of an activity.
    package mutating func append(_ activity: BorrowedActivity) {
        let count = ByteCounter.count { TaskCodec.put(activity, into: &$0) }
        append(count: count, filledBy: { TaskCodec.put(activity, into: &$0) })
    }

    /// Adds a mutation.
    package mutating func append(_ mutation: TaskMutation) {
        append(count: TaskCodec.size(of: mutation), filledBy: { TaskCodec.encode(mutation, into: &$0) })
    }
}
