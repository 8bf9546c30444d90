internal import Logging
package import WAL
internal import WALDelivery
internal import WALFlow
internal import WALLogging
internal import WALTasks

/// A record in the form that a monitor shows.
package struct RecordRow {
    enum Kind: String, CaseIterable {
        case task, activity, change, line, flow, record
    }

    /// The sequence number of the record; nil for a row of a store.
    var sequence: SequenceNumber?
    var time: Timestamp
    var kind: Kind
    /// The size of the payload in bytes; nil if sizes are hidden.
    var size: Int?
    /// The names and values of the fields, in the order in which they are shown.
    var fields: [(name: String, value: String)] = []
    /// The payload as text; nil if it is hidden.
    var payload: String?
    /// Whether the text contains only the beginning of the payload.
    var isCut = false

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    package var json: [UInt8] {
        JSONText.object {
            $0.string("sequence", sequence.map { "\($0.rawValue)" })
            $0.string("time", time.description)
            $0.string("kind", kind.rawValue)
            $0.number("bytes", size)
            for field in fields { $0.string(field.name, field.value) }
            $0.string("payload", payload)
            if isCut { $0.bool("is_cut", true) }
        }
    }
}

/// Makes rows of records, without the parts that a monitor hides.
package struct RowDecoder: Sendable {
    /// The largest part of a payload in a row, in bytes.
    static let shownMax = 4 << 10
    /// The largest part of a payload in the row of a search for a single record, in bytes.
    static let singleMax = 1 << 20

    private let payloads: MonitorPayloads
    private let mask: PayloadMask
    var payloadMax = shownMax

    package init(_ payloads: MonitorPayloads, isSecret: @escaping @Sendable (_ key: String) -> Bool) {
        self.payloads = payloads
        mask = PayloadMask(isSecret)
    }

    package func row(_ record: borrowing RecordView) -> RecordRow {
        row(sequence: record.sequence, time: record.time, record.payload)
    }

    func row(sequence: SequenceNumber, time: Timestamp, _ payload: RawSpan) -> RecordRow {
        var row = RecordRow(
            sequence: sequence, time: time, kind: .record, size: payloads == .none ? nil : payload.byteCount)
        if let line = LogLine(payload: payload) {
            put(line, into: &row)
        } else if let mutation = try? TaskCodec.decode(payload) {
            put(mutation, into: &row)
        } else if let flow = (try? FlowRecord(payload)) ?? nil {
            row.kind = .flow
            put(&row, ("event", flow.name), ("task", flow.taskID), ("path", flow.path))
            show(flow.details, in: &row)
        } else {
            show(bytes: payload, in: &row)
        }
        return row
    }

    /// Returns the shown part of a text that may quote a payload, such as an error; nil if such texts are hidden.
    func shown(_ text: String?) -> String? {
        guard let text else { return nil }
        let cut =
            text.utf8.count > payloadMax ? String(decoding: text.utf8.prefix(payloadMax), as: UTF8.self) + "…" : text
        switch payloads {
        case .none, .sizes: return nil
        case .redacted: return mask.masked(cut)
        case .full: return cut
        }
    }

    // MARK: Kinds

    private func put(_ line: LogLine, into row: inout RecordRow) {
        row.kind = .line
        put(
            &row, ("level", line.level.rawValue), ("label", line.label), ("message", shown(line.message)))
        guard !line.metadata.isEmpty else { return }
        var text = JSONText()
        Self.write(.dictionary(line.metadata), nil, to: &text)
        show(String(decoding: text.bytes, as: UTF8.self), in: &row)
    }

    private static func write(_ value: Logger.MetadataValue, _ key: String?, to text: inout JSONText) {
        switch value {
        case .string(let string): text.string(key, string)
        case .stringConvertible(let value): text.string(key, value.description)
        case .array(let values): text.array(key) { for value in values { write(value, nil, to: &$0) } }
        case .dictionary(let metadata):
            let sorted = metadata.sorted { $0.key < $1.key }
            text.object(key) { for (key, value) in sorted { write(value, key, to: &$0) } }
        }
    }

    private func put(_ mutation: TaskMutation, into row: inout RecordRow) {
        switch mutation {
        case .save(let task): put(task, into: &row)
        case .log(let activity): put(activity, into: &row)
        case .updateStatus(let id, let status, let error, _):
            row.kind = .task
            put(&row, ("task", id), ("status", status.rawValue), ("error", shown(error)))
        case .delete(let id):
            row.kind = .change
            put(&row, ("task", id), ("change", "task deleted"))
        case .deleteDAG(let id):
            row.kind = .change
            put(&row, ("dag", id), ("change", "all tasks of the DAG deleted"))
        case .removeTasks(let time):
            row.kind = .change
            put(&row, ("change", "tasks that ended before \(time) removed"))
        case .removeActivities(let time):
            row.kind = .change
            put(&row, ("change", "activities from before \(time) removed"))
        }
    }

    /// Returns the row of a store's task.
    func row(_ task: PersistentTask) -> RecordRow {
        var row = RecordRow(sequence: nil, time: task.updatedAt, kind: .task)
        put(task, into: &row)
        return row
    }

    /// Returns the row of a store's activity.
    func row(_ activity: TaskActivityLog) -> RecordRow {
        var row = RecordRow(sequence: nil, time: activity.createdAt, kind: .activity)
        put(activity, into: &row)
        return row
    }

    private func put(_ task: PersistentTask, into row: inout RecordRow) {
        row.kind = .task
        put(
            &row, ("task", task.id), ("dag", task.dagID), ("node", task.currentNodeID ?? task.nodeID),
            ("status", task.status.rawValue), ("retries", "\(task.retryCount)/\(task.maxRetries)"),
            ("error", shown(task.error)))
        show(task.payload, in: &row)
    }

    private func put(_ activity: TaskActivityLog, into row: inout RecordRow) {
        row.kind = .activity
        put(
            &row, ("task", activity.taskID), ("dag", activity.dagID), ("node", activity.nodeID),
            ("level", activity.level),
            ("action", activity.action), ("message", shown(activity.message)))
        show(activity.data, in: &row)
    }

    private func put(_ row: inout RecordRow, _ fields: (String, String?)...) {
        for (name, value) in fields { if let value { row.fields.append((name, value)) } }
    }

    private func show(_ text: String?, in row: inout RecordRow) {
        row.payload = shown(text)
        row.isCut = row.payload != nil && (text?.utf8.count ?? 0) > payloadMax
    }

    private func show(bytes: RawSpan, in row: inout RecordRow) {
        guard payloads == .redacted || payloads == .full else { return }
        let count = min(bytes.byteCount, payloadMax)
        let text = unsafe bytes.extracting(0..<count).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        row.payload = payloads == .full ? text : mask.masked(text)
        row.isCut = count < bytes.byteCount
    }
}

/// A dead letter in the form that a monitor shows.
struct LetterRow: Sendable {
    /// The identifier of the letter in the store; nil for a letter beside the log.
    var stored: StoredDeadLetter.ID?
    var sequence: SequenceNumber
    var time: Timestamp
    var sink: String
    var code: String
    var reason: String?
    var kind: String?
    var row: String?
    var payload: String?
    var size: Int?

    init(_ letter: DeadLetterRecord, _ decoder: RowDecoder) {
        sequence = letter.sequence
        time = letter.time
        sink = letter.sink
        code = letter.code
        reason = decoder.shown(letter.reason)
        decode(letter.payload, decoder)
    }

    init(_ letter: StoredDeadLetter, sink: String, _ decoder: RowDecoder) {
        stored = letter.id
        sequence = letter.id.sequence
        time = letter.time
        self.sink = sink
        code = letter.code
        reason = decoder.shown(letter.reason)
        kind = letter.kind
        row = letter.rowID
        decode(letter.body, decoder)
    }

    private mutating func decode(_ body: [UInt8], _ decoder: RowDecoder) {
        // A monitor keeps thousands of letters, so each letter has only the beginning of its payload.
        var decoder = decoder
        decoder.payloadMax = 512
        let decoded = unsafe decoder.row(sequence: sequence, time: time, body.span.bytes)
        payload = decoded.payload
        size = decoded.size
        row = row ?? decoded["task"]
    }

    func write(to text: inout JSONText) {
        text.object {
            $0.string("sequence", "\(sequence.rawValue)")
            $0.string("time", time.description)
            $0.string("sink", sink)
            $0.string("code", code)
            $0.string("reason", reason)
            $0.string("kind", kind)
            $0.string("row", row)
            $0.number("bytes", size)
            $0.string("payload", payload)
            $0.bool("in_store", stored != nil)
        }
    }
}
