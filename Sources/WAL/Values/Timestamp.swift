internal import CWALShims

/// A moment in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
@frozen
public struct Timestamp: RawRepresentable, Hashable, Comparable, Codable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public var rawValue: Int64

    /// Makes a time from microseconds since 1970.
    @inlinable
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The current time, at the resolution of the kernel's tick (1 to 4 ms).
    ///
    /// Use times for display and seeking only. Sequence numbers define the order.
    public static var now: Timestamp {
        Timestamp(rawValue: cwal_coarse_realtime_microseconds())
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Returns a time moved by a duration, to the microsecond. A sum out of range is the last time, or the first one.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        // Within 128 bits nothing overflows.
        let sum = Int128(time.rawValue) + Int128(seconds) * 1_000_000 + Int128(attoseconds / 1_000_000_000_000)
        return Timestamp(rawValue: Int64(clamping: sum))
    }

    /// Returns a time moved back by a duration, to the microsecond.
    public static func - (time: Timestamp, duration: Duration) -> Timestamp {
        time + (.zero - duration)
    }

    /// Returns the duration from the earlier time to the later one; negative if `earlier` is later.
    public static func - (time: Timestamp, earlier: Timestamp) -> Duration {
        .microseconds(time.rawValue) - .microseconds(earlier.rawValue)
    }
}

extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds, or with microseconds if they aren't zero: `2011-09-30T22:38:44.546Z`.
    public var description: String {
        ISO8601.format(self)
    }

    /// Reads ISO 8601 with a date, a time, up to nine decimals of a second, and `Z` or an offset.
    ///
    /// Decimals after the sixth are dropped. Returns nil for any other text.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        unsafe self.init(utf8: text.utf8Span.span.bytes)
    }

    /// Reads ISO 8601 from UTF-8. It accepts the same text as `init(_:)`.
    public init?(utf8 bytes: RawSpan) {
        guard let time = ISO8601.parse(bytes) else { return nil }
        self = time
    }
}
