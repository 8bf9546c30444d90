import Logging
import WAL
import WALLogging

extension LogLine {
    /// Returns the line as a JSON object, with the sequence number of its record.
    func json(_ sequence: SequenceNumber) -> JSON {
        .object([
            ("type", .string("line")),
            ("sequence", JSON(sequence.rawValue)),
            ("time", .string(time.description)),
            ("level", .string(level.rawValue)),
            ("label", .string(label)),
            ("message", .string(message)),
            ("metadata", JSON(.dictionary(metadata))),
            ("source", .string(source)),
            ("file", .string(file)),
            ("function", .string(function)),
            ("line", JSON(line)),
        ])
    }
}

extension JSON {
    fileprivate init(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .stringConvertible(let value): self = .string(value.description)
        case .array(let values): self = .array(values.map(JSON.init))
        case .dictionary(let metadata):
            self = .object(metadata.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })
        }
    }
}
