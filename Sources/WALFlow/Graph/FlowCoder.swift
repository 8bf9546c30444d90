#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A coder of the values that steps pass on, for the journal.
public protocol FlowCoder: Sendable {
    /// Returns the bytes of a value.
    ///
    /// - Parameter value: The value.
    /// - Throws: An error of the coder's choice, which fails the step.
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]
    /// Returns the value that ``encode(_:)`` encoded, in this version of the program or an earlier one.
    ///
    /// - Parameters:
    ///   - type: The type of the value.
    ///   - bytes: The bytes.
    /// - Throws: An error of the coder's choice if the bytes aren't a value of the type.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value
}

/// A coder of values as JSON, which uses Foundation's coder. Dates are seconds since 1970, and keys are sorted.
public struct JSONFlowCoder: FlowCoder {
    /// Makes a coder.
    public init() {}

    // There is one encoder, because making one takes as long as encoding a small value. Encoding doesn't change it.
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

/// JSON text, which the nodes of a DAG of names exchange; see ``DAG/init(name:key:onResult:)``.
public struct JSON: Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text.
    public var text: String

    /// Wraps JSON text without a check. The result of a node is checked when its step returns.
    ///
    /// - Parameter text: The text.
    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral value: String) {
        text = value
    }

    /// Encodes a value as JSON.
    ///
    /// - Parameter value: The value.
    /// - Throws: The error of the encoder.
    public init(encoding value: some Encodable) throws {
        text = String(decoding: try JSONFlowCoder().encode(value), as: UTF8.self)
    }

    /// Decodes the text.
    ///
    /// - Parameter type: The type of the value.
    /// - Throws: The error of the decoder.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONFlowCoder().decode(type, from: Array(text.utf8))
    }

    public var description: String { text }
}
