/// The place of a record in the order of a log.
///
/// Records are numbered from 1 without gaps, except for numbers abandoned by a crash. Readers report those as gaps with
/// the reason ``LogGap/Reason/void``. A number that has been returned to a caller or shown to a reader is never reused
/// for a different payload. 0 stands for "before the first record".
@frozen
public struct SequenceNumber: RawRepresentable, Hashable, Comparable, Codable, Sendable {
    /// The number itself, 1 for the first record of a log.
    public var rawValue: UInt64

    /// Makes a sequence number from its raw value.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The place before the first record, where a new consumer starts.
    public static let zero = SequenceNumber(rawValue: 0)

    /// The limit of the numbers that a log leaves out at a caller's request.
    ///
    /// A log's first header may state 2^62 at most (FORMAT.md, "Terms"). Retention makes any header the first one, also
    /// one long after the numbers that were left out.
    static let omittedMax: UInt64 = 1 << 61

    /// The number after this one; the largest number itself, which no record has.
    @inlinable
    public var next: SequenceNumber {
        SequenceNumber(rawValue: rawValue == .max ? .max : rawValue + 1)
    }

    @inlinable
    public static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension SequenceNumber: Strideable {
    @inlinable
    public func distance(to other: SequenceNumber) -> Int {
        Int(clamping: Int64(bitPattern: other.rawValue &- rawValue))
    }

    @inlinable
    public func advanced(by distance: Int) -> SequenceNumber {
        SequenceNumber(rawValue: rawValue &+ UInt64(bitPattern: Int64(distance)))
    }
}

extension SequenceNumber: ExpressibleByIntegerLiteral {
    @inlinable
    public init(integerLiteral value: UInt64) {
        self.init(rawValue: value)
    }
}

extension SequenceNumber: CustomStringConvertible {
    public var description: String { String(rawValue) }
}
