#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The coder of the values between the steps, in the journal.
public protocol FlowCoder: Sendable {
    /// Returns the bytes of a value.
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]
    /// Returns the value of bytes that ``encode(_:)`` returned, in this version of the program or an earlier one.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value
}

/// Values as JSON, with Foundation's coder. Dates are seconds since 1970, and keys are sorted.
public struct JSONFlowCoder: FlowCoder {
    /// Makes a coder.
    public init() {}

    // Made once, because making one takes as long as encoding a small value. Encoding changes nothing of it.
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .secondsSince1970
        return encoder
    }()

    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return decoder
    }()

    public func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        if Value.self == JSON.self, let json = value as? JSON { return Array(json.text.utf8) }
        return Array(try Self.encoder.encode(value))
    }

    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        if type == JSON.self, let value = JSON(String(decoding: bytes, as: UTF8.self)) as? Value { return value }
        return try Self.decoder.decode(type, from: Data(bytes))
    }
}

/// JSON text, as the nodes of a DAG of names exchange it (see ``DAG/init(name:key:onResult:)``).
public struct JSON: Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text.
    public var text: String

    /// Wraps JSON text. A node's result is checked when its step returns.
    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral value: String) {
        text = value
    }

    /// Encodes a value as JSON.
    public init(encoding value: some Encodable) throws {
        text = String(decoding: try JSONFlowCoder().encode(value), as: UTF8.self)
    }

    /// Decodes the text.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONFlowCoder().decode(type, from: Array(text.utf8))
    }

    public var description: String { text }
}
