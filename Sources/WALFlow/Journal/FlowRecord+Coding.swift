package import WAL
package import WALTasks

extension FlowRecord {
    /// The kind of a record, which is its second byte.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case graph = 16
        case begin = 17
        case result = 18
        case failure = 19
        case started = 20
        case wait = 21
        case signal = 22
        case control = 23
        case resumed = 24
        case end = 25
        case delivered = 26
        case memo = 27
        case emit = 28
        case trace = 29
    }

    /// Appends the encoded record to a batch.
    package func append(to batch: inout RecordBatch) {
        batch.append(count: size, filledBy: { put(into: &$0) })
    }

    /// The number of bytes of the encoded record.
    package var size: Int { ByteCounter.count { put(into: &$0) } }

    var kind: Kind {
        switch event {
        case .graph: .graph
        case .begin: .begin
        case .result: .result
        case .failure: .failure
        case .started: .started
        case .wait: .wait
        case .signal: .signal
        case .control: .control
        case .resumed: .resumed
        case .end: .end
        case .delivered: .delivered
        case .memo: .memo
        case .emit: .emit
        case .trace: .trace
        }
    }

    private func put<Output: FieldOutput & ~Copyable & ~Escapable>(into output: inout Output) {
        output.put(TaskCodec.flowVersion)
        output.put(kind.rawValue)
        output.put(taskID)
        switch event {
        case .graph(let hash, let json):
            output.put(fixed: Int64(bitPattern: hash))
            output.put(json)
        case .begin(let start):
            output.put(start.dag)
            output.put(fixed: Int64(bitPattern: start.graph))
            output.put(zigzag: Int64(start.priority))
            output.put(zigzag: Int64(start.maxRetries))
            output.put(fixed: start.createdAt.rawValue)
            output.put(bytes: start.input)
        case .result(let path, let attempt, let time, let label, let bytes):
            output.put(path)
            output.put(varint: UInt64(attempt))
            output.put(fixed: time.rawValue)
            output.put(label)
            output.put(bytes: bytes)
        case .failure(let path, let attempt, let time, let error, let retryAt):
            output.put(path)
            output.put(varint: UInt64(attempt))
            output.put(fixed: time.rawValue)
            output.put(error)
            output.put(optional: retryAt)
        case .started(let path, let attempt):
            output.put(path)
            output.put(varint: UInt64(attempt))
        case .wait(let path, let signal, let due):
            output.put(path)
            output.put(signal)
            output.put(optional: due)
        case .signal(let path, let id, let payload):
            output.put(path)
            output.put(id)
            output.put(bytes: payload)
        case .control(let control):
            output.put(varint: UInt64(control.number))
            output.put(control.action.rawValue)
            output.put(fixed: control.time.rawValue)
            output.put(varint: UInt64(control.paths.count))
            for path in control.paths { output.put(path) }
            output.put(fixed: Int64(bitPattern: control.graph))
            output.put(control.reason)
        case .resumed(let count):
            output.put(varint: UInt64(count))
        case .end(let end):
            output.put(end.status.rawValue)
            output.put(fixed: end.time.rawValue)
            output.put(bytes: end.output)
            output.put(end.error)
            output.put(end.path)
        case .delivered(let time):
            output.put(fixed: time.rawValue)
        case .memo(let path, let name, let bytes):
            output.put(path)
            output.put(name)
            output.put(bytes: bytes)
        case .emit(let path, let attempt, let number, let sink, let bytes):
            output.put(path)
            output.put(varint: UInt64(attempt))
            output.put(varint: UInt64(number))
            output.put(sink)
            output.put(bytes: bytes)
        case .trace(let fields):
            output.put(varint: UInt64(fields.count))
            for (name, value) in fields.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                output.put(name)
                output.put(value)
            }
        }
    }

    /// Decodes a record. It accepts any bytes, and allocates no more bytes than the payload has.
    ///
    /// - Returns: The record; nil for a kind that a newer version may write, and for a payload that isn't a record of a
    ///   flow.
    package init?(_ payload: RawSpan) throws(TaskCodecError) {
        guard TaskCodec.isFlowRecord(payload) else { return nil }
        var input = FieldInput(payload)
        _ = try input.byte()
        guard let kind = Kind(rawValue: try input.byte()) else { return nil }
        taskID = try input.text()
        event = try Self.event(kind, &input)
        try input.end()
    }

    private static func event(_ kind: Kind, _ input: inout FieldInput) throws(TaskCodecError) -> Event {
        switch kind {
        case .graph:
            return .graph(hash: try input.fixed(), json: try input.text())
        case .begin:
            return .begin(
                Beginning(
                    dag: try input.text(), graph: try input.fixed(), priority: try input.int32(),
                    maxRetries: try input.int32(), createdAt: try input.time(), input: try input.bytes()))
        case .result:
            return .result(
                path: try input.text(), attempt: try input.count(), time: try input.time(),
                label: try input.optionalText(), bytes: try input.bytes())
        case .failure:
            return .failure(
                path: try input.text(), attempt: try input.count(), time: try input.time(), error: try input.text(),
                retryAt: try input.optionalTime())
        case .started:
            return .started(path: try input.text(), attempt: try input.count())
        case .wait:
            return .wait(path: try input.text(), signal: try input.optionalText(), due: try input.optionalTime())
        case .signal:
            return .signal(path: try input.text(), id: try input.text(), payload: try input.bytes())
        case .control:
            return .control(try control(&input))
        case .resumed:
            return .resumed(count: try input.count())
        case .end:
            let start = input.offset
            guard let status = Ending.Status(rawValue: try input.byte()) else {
                throw TaskCodecError(.invalidField, at: start)
            }
            return .end(
                Ending(
                    status: status, time: try input.time(), output: try input.optionalBytes(),
                    error: try input.optionalText(), path: try input.optionalText()))
        case .delivered:
            return .delivered(time: try input.time())
        case .memo:
            return .memo(path: try input.text(), name: try input.text(), bytes: try input.bytes())
        case .emit:
            return .emit(
                path: try input.text(), attempt: try input.count(), number: try input.count(), sink: try input.text(),
                bytes: try input.bytes())
        case .trace:
            return .trace(fields: try fields(&input))
        }
    }

    private static func fields(_ input: inout FieldInput) throws(TaskCodecError) -> [String: String] {
        let count = try input.varint()
        // Each field takes at least two bytes.
        guard count <= UInt64(input.remaining) / 2 else { throw TaskCodecError(.truncated, at: input.offset) }
        var fields: [String: String] = [:]
        var last: String?
        for _ in 0..<count {
            let start = input.offset
            let name = try input.text()
            let isInOrder = last.map { $0.utf8.lexicographicallyPrecedes(name.utf8) } ?? true
            // Two names with different bytes may be equal as texts.
            guard isInOrder, fields.updateValue(try input.text(), forKey: name) == nil else {
                throw TaskCodecError(.invalidField, at: start)
            }
            last = name
        }
        return fields
    }

    private static func control(_ input: inout FieldInput) throws(TaskCodecError) -> Control {
        let number = try input.count()
        let start = input.offset
        guard let action = Control.Action(rawValue: try input.byte()) else {
            throw TaskCodecError(.invalidField, at: start)
        }
        var control = Control(number: number, action: action, time: try input.time())
        let count = try input.varint()
        // Each path takes at least one byte.
        guard count <= UInt64(input.remaining) else { throw TaskCodecError(.truncated, at: input.offset) }
        for _ in 0..<count { control.paths.append(try input.text()) }
        control.graph = try input.fixed()
        control.reason = try input.optionalText()
        return control
    }
}

extension FieldOutput where Self: ~Copyable, Self: ~Escapable {
    @_lifetime(self: copy self)
    fileprivate mutating func put(optional time: Timestamp?) {
        guard let time else { return put(0) }
        put(1)
        put(fixed: time.rawValue)
    }
}

extension FieldInput {
    @_lifetime(self: copy self)
    fileprivate mutating func fixed() throws(TaskCodecError) -> UInt64 {
        UInt64(bitPattern: try time().rawValue)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func count() throws(TaskCodecError) -> UInt32 {
        let start = offset
        guard let value = UInt32(exactly: try varint()) else { throw TaskCodecError(.invalidField, at: start) }
        return value
    }

    @_lifetime(self: copy self)
    fileprivate mutating func bytes() throws(TaskCodecError) -> [UInt8] {
        let start = offset
        guard let bytes = try optionalBytes() else { throw TaskCodecError(.invalidField, at: start) }
        return bytes
    }

    @_lifetime(self: copy self)
    fileprivate mutating func optionalTime() throws(TaskCodecError) -> Timestamp? {
        let start = offset
        switch try byte() {
        case 0: return nil
        case 1: return try time()
        default: throw TaskCodecError(.invalidField, at: start)
        }
    }
}
