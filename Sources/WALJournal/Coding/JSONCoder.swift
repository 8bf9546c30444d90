#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A coder that encodes `Codable` events as JSON.
public struct JSONCoder<Event: Codable & Sendable>: RecordCoder {
    private let encoder: JSONEncoder
    private let decoder: JSONDecoder

    /// Makes the coder.
    ///
    /// - Parameters:
    ///   - encoder: Encodes events. Don't change the encoder after this call.
    ///   - decoder: Decodes events. Don't change the decoder after this call.
    public init(encoder: JSONEncoder = JSONEncoder(), decoder: JSONDecoder = JSONDecoder()) {
        self.encoder = encoder
        self.decoder = decoder
    }

    public func encode(_ event: Event) throws -> [UInt8] {
        let data = try encoder.encode(event)
        return unsafe data.withUnsafeBytes { unsafe Array($0) }
    }

    public func decode(_ payload: RawSpan) throws -> Event {
        let data = unsafe payload.withUnsafeBytes { unsafe Data($0) }
        return try decoder.decode(Event.self, from: data)
    }
}
