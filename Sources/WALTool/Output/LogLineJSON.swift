import Logging
import WALLogging

extension LogLine {
    /// The members of the line as JSON, besides its time.
    var members: [(String, JSON)] {
        [
            ("level", .string(level.rawValue)),
            ("label", .string(label)),
            ("message", .string(message)),
            ("metadata", JSON(.dictionary(metadata))),
            ("source", .string(source)),
            ("file", .string(file)),
            ("function", .string(function)),
            ("line", JSON(line)),
        ]
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
