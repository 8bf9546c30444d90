public import Logging
public import WAL

/// A line of a program's log, in the form that a record stores.
///
/// FORMAT.md specifies the encoding. ``LogLine/init(payload:)-(RawSpan)`` decodes the payload of a record:
///
/// ```swift
/// let log = try ReadOnlyLog(at: "app-log")
/// let reader = log.reader()
/// while let record = try reader.next() {
///     if let line = LogLine(payload: record.payload) { print(line) }
/// }
/// ```
public struct LogLine: Equatable, Sendable {
    /// The time of the log call, to the microsecond.
    public var time: Timestamp
    /// The level.
    public var level: Logger.Level
    /// The label of the logger.
    public var label: String
    /// The message.
    public var message: String
    /// The metadata of the handler, of its provider, and of the log call. A value is a string, an array or a
    /// dictionary.
    public var metadata: Logger.Metadata
    /// The module that made the log call, or the source that the call named.
    public var source: String
    /// The file of the log call, as `#fileID`.
    public var file: String
    /// The function that made the log call.
    public var function: String
    /// The line of the log call in its file.
    public var line: UInt

    /// Makes a line. Each argument sets the property of the same name.
    public init(
        time: Timestamp, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata = [:],
        source: String = "", file: String = "", function: String = "", line: UInt = 0
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
        self.source = source
        self.file = file
        self.function = function
        self.line = line
    }
}

extension LogLine: CustomStringConvertible {
    /// The time, level, label, message and metadata on one line of text. The metadata is sorted by key.
    ///
    /// Control characters are escaped, so that a message can neither break the line nor control a terminal.
    public var description: String {
        var text = "\(time) \(level) \(LineText.escaped(label)): \(LineText.escaped(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += " \(LineText.escaped(key))=\(LineText.quoted(LineText.of(value)))"
        }
        return text
    }
}

/// Text that is kept on one line.
package enum LineText {
    /// Returns the text of a value. Unlike the value's description, the text has a fixed order and no quotes.
    static func of(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): return text
        case .stringConvertible(let value): return value.description
        case .array(let values): return "[" + values.map(of).joined(separator: ", ") + "]"
        case .dictionary(let metadata):
            if metadata.isEmpty { return "[:]" }
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key): \(of($0.value))" }
            return "[" + pairs.joined(separator: ", ") + "]"
        }
    }

    /// Returns the text with control characters and line separators escaped as in a Swift string.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            result += isControl(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return result
    }

    /// Returns the text, in quotes if a program that splits the line at spaces and equal signs would misread it.
    static func quoted(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "\"" || $0 == "=" }
        if !text.isEmpty, !needsQuotes { return escaped(text) }
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return "\"\(escaped(result))\""
    }

    /// Whether a scalar is a line separator or a control character (C0, C1 or delete).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
}
