import WAL
import WALDelivery
import WALTasks

/// A dead letter as one line of output.
struct DeadLetterLine {
    private let sequence: SequenceNumber
    /// The sink that rejected the record, or the log from which the record comes.
    private let origin: (key: String, value: String)
    private let time: Timestamp
    private let code: String
    private let reason: String
    private let kind: String?
    private let rowID: String?
    private let body: [UInt8]
    /// The error of the attempt to apply the letter again.
    var redriveError: String?

    private var event: String? {
        (try? TaskCodec.decode(body.span.bytes)).map { String(decoding: TaskLine($0).bytes, as: UTF8.self) }
    }

    var json: JSON {
        .object([
            ("sequence", JSON(sequence.rawValue)),
            (origin.key, .string(origin.value)),
            ("time", .string(time.description)),
            ("code", .string(code)),
            ("reason", .string(reason)),
            ("kind", JSON(kind)),
            ("row_id", JSON(rowID)),
            ("event", JSON(event)),
            ("hex", event == nil ? .string(body.hexadecimal) : .null),
            ("redrive_error", JSON(redriveError)),
        ])
    }

    var text: String {
        let what = [kind, rowID].compactMap(\.self).joined(separator: " ")
        let parts = [
            "\(sequence.rawValue)", origin.value, "\(time)", code, reason, what.isEmpty ? nil : what,
            event ?? body.hexadecimal,
            redriveError.map { "still: \($0)" },
        ]
        return TextLine.joined(parts.compactMap(\.self))
    }
}

extension DeadLetterLine {
    init(_ letter: DeadLetterRecord) {
        self.init(
            sequence: letter.sequence, origin: ("sink", letter.sink), time: letter.time, code: letter.code,
            reason: letter.reason, kind: nil, rowID: nil, body: letter.payload)
    }

    init(_ letter: StoredDeadLetter) {
        self.init(
            sequence: letter.id.sequence, origin: ("log", letter.id.log.description), time: letter.time,
            code: letter.code, reason: letter.reason, kind: letter.kind, rowID: letter.rowID, body: letter.body)
    }
}
