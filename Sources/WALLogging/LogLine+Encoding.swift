internal import Logging
internal import WAL

/// The constants of the encoding; FORMAT.md has its tables.
enum LineFormat {
    /// The first byte of a line. No text begins with this byte, because it never occurs in UTF-8.
    static let mark: UInt8 = 0xF8
    static let version: UInt8 = 1
    /// The largest depth of nested arrays and dictionaries in a value.
    static let depthMax = 16

    enum Value {
        static let text: UInt8 = 0
        static let array: UInt8 = 1
        static let dictionary: UInt8 = 2
    }
}

extension LogLine {
    /// The payload of the line's record.
    var encoded: [UInt8] {
        var output = LineOutput()
        output.put(LineFormat.mark)
        output.put(LineFormat.version)
        output.put(level.code)
        output.put(fixed: time.rawValue)
        output.put(label)
        output.put(message)
        output.put(optional: isSourceTheModule ? nil : source)
        output.put(file)
        output.put(function)
        output.put(varint: UInt64(line))
        output.put(metadata, depth: 0)
        return output.bytes
    }

    /// Whether the source is the module of the file, as in most lines. This check takes less time than a comparison
    /// with ``module(of:)``.
    private var isSourceTheModule: Bool {
        guard file.hasPrefix(source), !source.utf8.contains(UInt8(ascii: "/")) else { return false }
        let rest = file.utf8.dropFirst(source.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/")
    }

    /// Returns the module in a `#fileID`: the text before the first slash.
    static func module(of file: String) -> Substring.UTF8View {
        file.utf8.prefix { $0 != UInt8(ascii: "/") }
    }
}

/// Encodes a line.
struct LineOutput {
    private(set) var bytes: [UInt8] = []

    init() {
        // Most lines are shorter, so they need only one allocation.
        bytes.reserveCapacity(480)
    }

    mutating func put(_ byte: UInt8) {
        bytes.append(byte)
    }

    mutating func put(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func put(fixed value: Int64) {
        for shift in stride(from: Int64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func put(_ text: String) {
        put(varint: UInt64(text.utf8.count) + 1)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(optional text: String?) {
        if let text { put(text) } else { put(0) }
    }

    mutating func put(_ metadata: Logger.Metadata, depth: Int) {
        put(varint: UInt64(metadata.count))
        for (key, value) in metadata {
            put(key)
            put(value, depth: depth)
        }
    }

    private mutating func put(_ value: Logger.MetadataValue, depth: Int) {
        switch value {
        case .string(let text):
            put(LineFormat.Value.text)
            put(text)
        case .stringConvertible(let value):
            put(LineFormat.Value.text)
            put(value.description)
        case .array(let values) where depth < LineFormat.depthMax:
            put(LineFormat.Value.array)
            put(varint: UInt64(values.count))
            for value in values { put(value, depth: depth + 1) }
        case .dictionary(let metadata) where depth < LineFormat.depthMax:
            put(LineFormat.Value.dictionary)
            put(metadata, depth: depth + 1)
        case .array, .dictionary:
            put(LineFormat.Value.text)
            put(value.description)
        }
    }
}

extension Logger.Level {
    /// The level as a byte of the encoding.
    var code: UInt8 {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }

    init?(code: UInt8) {
        guard let level = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = level
    }
}
