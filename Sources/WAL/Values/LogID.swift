/// The identity of a log: 16 random bytes, drawn when the log is created and stored in every segment.
public struct LogID: Hashable, Sendable {
    /// The first and the last eight bytes, little-endian.
    public var low: UInt64, high: UInt64

    /// Makes an identifier from its two halves.
    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Draws a new identifier from the system's random source.
    public static func random() -> LogID {
        LogID(low: .random(in: 0 ... .max), high: .random(in: 0 ... .max))
    }
}

extension LogID: CustomStringConvertible {
    /// The 16 bytes in the order of the file, as 32 hexadecimal digits.
    public var description: String {
        [low, high].map { half in
            let digits = String(half.byteSwapped, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension LogID {
    /// Parses a log's identifier from the 32 hexadecimal digits of its description. Returns nil for any other text.
    @usableFromInline
    package init?(_ digits: String) {
        guard digits.utf8.count == 32, digits.allSatisfy(\.isHexDigit), let low = UInt64(digits.prefix(16), radix: 16),
            let high = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(low: low.byteSwapped, high: high.byteSwapped)
    }
}
