package import WAL
internal import WALTasks

/// The tasks of a log, according to its records. Recovery and tools read a log into a table.
package struct JournalTable: Sendable {
    /// The tasks that haven't been forgotten, by id.
    package private(set) var tasks: [String: TaskJournal] = [:]
    /// The shapes of graphs, by hash.
    package private(set) var graphs: [UInt64: GraphShape] = [:]
    /// The newest shape of each DAG, by the DAG's key.
    package private(set) var newestGraphs: [String: GraphShape] = [:]
    /// The gaps of the log, in order.
    package private(set) var gaps: [LogGap] = []
    /// The number of records that belong to flows but can't be decoded.
    package private(set) var undecodableCount = 0
    package private(set) var recordCount = 0

    package init() {}

    /// The name of the cursor. Only the records after its position are needed.
    package static let cursor = "flow"

    /// Applies the records of a reader up to and including `last`, or up to the end. Blocks while it reads files.
    package mutating func read(_ reader: LogReader, through last: SequenceNumber?) throws(WALError) {
        while last.map({ reader.nextSequence <= $0 }) ?? true {
            let found: Void? = try reader.next {
                apply($0.payload)
            } gap: {
                gaps.append($0)
            }
            guard found != nil else { return }
        }
    }

    /// Applies a payload if it is a record of a flow or the row of a task.
    package mutating func apply(_ payload: RawSpan) {
        do throws(TaskCodecError) {
            if let record = try FlowRecord(payload) { return apply(record) }
        } catch {
            undecodableCount += 1
            return
        }
        guard let row = (try? TaskCodec.progress(payload)) ?? nil else { return }
        tasks[row.taskID]?.note(processingState: row.state)
    }

    package mutating func apply(_ record: FlowRecord) {
        recordCount += 1
        if case .graph(let hash, let json) = record.event {
            guard let shape = try? GraphShape(json: json) else { return undecodableCount += 1 }
            graphs[hash] = shape
            newestGraphs[record.taskID] = shape
            return
        }
        // The id of a failed task that was forgotten may be used again.
        if case .begin(let start) = record.event, let old = tasks[record.taskID], old.isDelivered,
            old.beginning != start
        {
            tasks[record.taskID] = nil
        }
        // A checkpoint leaves out a task that is forgotten while it writes, and its cursor may lie before the task's
        // last records.
        if case .delivered = record.event, tasks[record.taskID]?.beginning == nil {
            tasks[record.taskID] = nil
            return
        }
        tasks[record.taskID, default: TaskJournal(id: record.taskID)].apply(record.event)
        // A failed task can be retried, so it stays.
        if let task = tasks[record.taskID], task.isDelivered, task.end?.status != .failed { tasks[record.taskID] = nil }
    }

    /// The tasks whose beginning the log has lost.
    package var orphans: [TaskJournal] { tasks.values.filter { $0.beginning == nil } }
}
