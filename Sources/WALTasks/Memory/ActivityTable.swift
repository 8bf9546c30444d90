internal import WAL

/// Activities in memory, encoded as they are in the log.
///
/// They arrive in floods and are rarely read. So an activity allocates nothing of its own: its bytes stay in the buffer
/// of its batch, and the indexes keep no keys, only the numbers of the rows whose bytes have the key.
struct ActivityTable {
    private struct Row {
        var buffer: Int
        var entry: EncodedActivities.Entry
        /// The row before with the same task. Nil for the first one.
        var previousOfTask: Int?
        /// The row before with the same DAG. Nil for the first one.
        var previousOfDAG: Int?
    }

    private typealias Field = (EncodedActivities.Entry) -> Range<Int>

    private var buffers: [[UInt8]] = []
    private var rows: [Row] = []
    private var rowsByID = RowIndex()
    /// The last row of each task.
    private var rowsByTask = RowIndex()
    /// The last row of each DAG.
    private var rowsByDAG = RowIndex()

    /// Adds activities, except those whose id is there. Returns the number of the added ones.
    mutating func insert(_ activities: EncodedActivities) -> Int {
        let count = rows.count
        buffers.append(activities.bytes)
        for entry in activities.entries { insert(entry) }
        if rows.count == count { buffers.removeLast() }
        return rows.count - count
    }

    /// Adds an activity of the last buffer.
    private mutating func insert(_ entry: EncodedActivities.Entry) {
        let (number, buffer) = (rows.count, buffers.count - 1)
        let id = rowsByID.slot(of: hash(entry.id, of: buffer)) { has($0, \.id, entry.id, of: buffer) }
        guard id.row == nil else { return }
        let task = rowsByTask.slot(of: hash(entry.taskID, of: buffer)) { has($0, \.taskID, entry.taskID, of: buffer) }
        let dag = rowsByDAG.slot(of: hash(entry.dagID, of: buffer)) { has($0, \.dagID, entry.dagID, of: buffer) }
        rows.append(Row(buffer: buffer, entry: entry, previousOfTask: task.row, previousOfDAG: dag.row))
        rowsByID.set(number, at: id)
        rowsByTask.set(number, at: task)
        rowsByDAG.set(number, at: dag)
    }

    /// Returns the activities of a task, the oldest first.
    func activities(taskID: String) -> [TaskActivityLog] {
        chain(from: last(of: taskID, in: rowsByTask, \.taskID), \.previousOfTask)
    }

    /// Returns the activities of a DAG, the oldest first.
    func activities(dagID: String) -> [TaskActivityLog] {
        chain(from: last(of: dagID, in: rowsByDAG, \.dagID), \.previousOfDAG)
    }

    /// Removes the activities that were created before a time. Returns their number.
    mutating func remove(createdBefore time: Timestamp) -> Int {
        var kept = EncodedActivities()
        for row in rows where row.entry.createdAt >= time { kept.append(row.entry, of: buffers[row.buffer]) }
        let count = rows.count - kept.entries.count
        guard count > 0 else { return 0 }
        self = ActivityTable()
        _ = insert(kept)
        return count
    }

    // MARK: Bytes

    private func last(of key: String, in index: RowIndex, _ field: Field) -> Int? {
        var key = key
        return key.withUTF8 { key in
            index.slot(of: unsafe Self.hash(UnsafeRawBufferPointer(key))) { row in
                unsafe has(row, field, UnsafeRawBufferPointer(key))
            }.row
        }
    }

    private func chain(from last: Int?, _ previous: (Row) -> Int?) -> [TaskActivityLog] {
        var activities: [TaskActivityLog] = []
        var next = last
        while let number = next {
            let row = rows[number]
            if let activity = activity(row) { activities.append(activity) }
            next = previous(row)
        }
        return activities.sorted(by: TaskActivityLog.isOlder)
    }

    private func activity(_ row: Row) -> TaskActivityLog? {
        let buffer = buffers[row.buffer]
        let payload = unsafe buffer.span.bytes.extracting(row.entry.payload)
        guard case .log(let activity)? = try? TaskCodec.decode(payload) else { return nil }
        return activity
    }

    private func hash(_ range: Range<Int>, of buffer: Int) -> Int {
        unsafe buffers[buffer].withUnsafeBytes { unsafe Self.hash(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        unsafe hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    /// Whether a row's field has the bytes of a range.
    private func has(_ row: Int, _ field: Field, _ range: Range<Int>, of buffer: Int) -> Bool {
        unsafe buffers[buffer].withUnsafeBytes { bytes in
            unsafe has(row, field, UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    private func has(_ row: Int, _ field: Field, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let row = rows[row]
        let range = field(row.entry)
        guard range.count == bytes.count else { return false }
        return unsafe buffers[row.buffer].withUnsafeBytes { own in
            unsafe BinaryID.areEqual(UnsafeRawBufferPointer(rebasing: own[range]), bytes)
        }
    }
}
