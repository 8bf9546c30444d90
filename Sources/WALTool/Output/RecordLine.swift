import WAL
import WALFlow
import WALJournal
import WALLogging
import WALTasks

/// A record as one line of output: a line of a program's log, a task event in the form that `ingest` reads, an event of
/// a journal, or the bytes of any other payload.
enum RecordLine {
    static func json(_ record: borrowing RecordView) -> [UInt8] {
        if let line = LogLine(payload: record.payload) {
            return json("line", record.sequence, line.time, line.members)
        }
        if let mutation = try? TaskCodec.decode(record.payload) {
            return TaskLine(mutation, sequence: record.sequence, time: record.time).bytes
        }
        if let flow = (try? FlowRecord(record.payload)) ?? nil {
            return json(
                "flow", record.sequence, record.time,
                [
                    ("kind", .string(flow.name)), ("task", .string(flow.taskID)), ("path", JSON(flow.path)),
                    ("details", .string(flow.details)),
                ])
        }
        let record = LogRecord(record)
        if let event = StoredEvent(record) {
            return json("event", event.sequence, event.time, members(of: event))
        }
        return json("record", record.sequence, record.time, bytes(record.payload))
    }

    private static func json(
        _ type: String, _ sequence: SequenceNumber, _ time: Timestamp, _ members: [(String, JSON)]
    ) -> [UInt8] {
        let head: [(String, JSON)] = [
            ("type", .string(type)), ("sequence", JSON(sequence.rawValue)), ("time", .string(time.description)),
        ]
        return Array(JSON.object(head + members).description.utf8)
    }

    private static func members(of event: StoredEvent) -> [(String, JSON)] {
        let attributes = event.attributes.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
        let members: [(String, JSON)] = [
            ("event", .string(event.type)), ("version", JSON(event.version)), ("attributes", .object(attributes)),
        ]
        return members + bytes(event.payload)
    }

    private static func bytes(_ payload: [UInt8]) -> [(String, JSON)] {
        [("hex", .string(payload.hexadecimal)), ("text", .string(String(decoding: payload, as: UTF8.self)))]
    }

    /// Returns a line of text with the sequence number, time, size and payload of a record. For a record that is a line
    /// of a log, returns the sequence number and that line.
    static func text(_ record: borrowing RecordView) -> [UInt8] {
        if let line = LogLine(payload: record.payload) { return Array("\(record.sequence.rawValue)\t\(line)".utf8) }
        let head = "\(record.sequence.rawValue)\t\(record.time)\t\(record.payload.byteCount)\t"
        if let mutation = try? TaskCodec.decode(record.payload) {
            // The JSON of a payload may contain control characters.
            return Array((head + LineText.escaped(String(decoding: TaskLine(mutation).bytes, as: UTF8.self))).utf8)
        }
        if let flow = (try? FlowRecord(record.payload)) ?? nil {
            let fields = ["flow", flow.name, flow.taskID, flow.path ?? "", flow.details]
            return Array((head + TextLine.joined(fields)).utf8)
        }
        let record = LogRecord(record)
        if let event = StoredEvent(record), let text = text(event) { return Array((head + text).utf8) }
        let payload = record.payload
        let shown = payload.prefix(Self.shownMax)
        let rest = payload.count > shown.count ? "…" : ""
        return Array("\(head)\(shown.hexadecimal)\(rest)\t\(printable(shown))\(rest)".utf8)
    }

    /// Returns an event as text. Returns nil for an event that isn't text or that has control characters, because these
    /// would control a terminal.
    private static func text(_ event: StoredEvent) -> String? {
        guard let payload = String(validating: event.payload, as: UTF8.self) else { return nil }
        let attributes = event.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let fields = ["\(event.type) \(event.version)", attributes.joined(separator: " "), payload]
        let isPlain = fields.allSatisfy { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }
        return isPlain ? fields.joined(separator: "\t") : nil
    }

    private static let shownMax = 64

    private static func printable(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }
}

extension Collection<UInt8> {
    /// The bytes as hexadecimal digits.
    var hexadecimal: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * count)
        for byte in self { digits.append(hexadecimal: byte) }
        return String(decoding: digits, as: UTF8.self)
    }
}
