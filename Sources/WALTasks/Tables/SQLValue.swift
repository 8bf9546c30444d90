public import WAL

/// A value of a statement in a sink's transaction.
public enum SQLValue: Hashable, Sendable {
    /// NULL.
    case null
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction. SQLite and MySQL refuse infinities and NaN, because they have no such values.
    case real(Double)
    /// A text.
    case text(String)
    /// Bytes.
    case blob([UInt8])
    /// A time: `timestamptz` in PostgreSQL, `datetime(6)` in UTC in MySQL, and an integer of microseconds since 1970 in SQLite.
    case time(Timestamp)
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .real(value) }
    public init(nilLiteral: ()) { self = .null }

    /// Makes a value of a number, or NULL.
    public init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }
    /// Makes a value of a number of another type, or NULL.
    ///
    /// - Throws: ``SQLValueError`` if an `Int64` can't hold the number.
    public init(_ number: (some BinaryInteger)?) throws(SQLValueError) {
        guard let number else {
            self = .null
            return
        }
        guard let exact = Int64(exactly: number) else { throw SQLValueError(number: "\(number)") }
        self = .integer(exact)
    }
    /// Makes a value of a text, or NULL.
    public init(_ text: String?) { self = text.map(SQLValue.text) ?? .null }
}

/// A number that no `SQLValue.integer` can hold. A sink treats it as a fault of the record.
public struct SQLValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number, in decimal digits.
    public let number: String

    /// The number and the remedy.
    public var description: String {
        "the number \(number) is beyond the 64 bits of an integer in SQL: write it as a text, for a column of type numeric or text"
    }
}
