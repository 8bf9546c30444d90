import CWALSimdJSON
import WAL
import WALTasks

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The fields of one JSON object of a line, by their indices. Their texts are valid until the parser parses the next
/// line.
struct LineFields {
    let slices: UnsafePointer<cwal_json_slice>
    /// The object's column, for defects that report a missing field.
    let column: Int

    func string(_ index: Int, _ name: StaticString) throws(LineDefect) -> BorrowedText {
        guard let text = try optionalString(index, name) else { throw missing(index, name) }
        return text
    }

    func optionalString(_ index: Int, _ name: StaticString) throws(LineDefect) -> BorrowedText? {
        let slice = slices[index]
        guard isGiven(index) else { return nil }
        guard slice.kind == CWAL_JSON_STRING.rawValue else { throw defect(index, "\"\(name)\" must be a string") }
        guard slice.count == 0 || memchr(slice.bytes, 0, slice.count) == nil else {
            throw defect(index, "\"\(name)\" holds U+0000, which stores can't keep")
        }
        return text(slice)
    }

    /// Returns the identifier of a task or an activity, which must not be empty.
    func id(_ index: Int, _ name: StaticString) throws(LineDefect) -> BorrowedText {
        guard slices[index].count > 0 || slices[index].kind != CWAL_JSON_STRING.rawValue else {
            throw defect(index, "\"\(name)\" is empty")
        }
        return try group(index, name)
    }

    /// Returns the identifier of a graph or a node, which may be empty.
    func group(_ index: Int, _ name: StaticString) throws(LineDefect) -> BorrowedText {
        guard slices[index].kind != CWAL_JSON_STRING.rawValue || slices[index].count <= TaskMutation.maxIDSize else {
            throw defect(index, "\"\(name)\" is longer than \(TaskMutation.maxIDSize) bytes")
        }
        return try string(index, name)
    }

    func time(_ index: Int, _ name: StaticString) throws(LineDefect) -> Timestamp {
        guard let time = try optionalTime(index, name) else { throw missing(index, name) }
        return time
    }

    func optionalTime(_ index: Int, _ name: StaticString) throws(LineDefect) -> Timestamp? {
        let slice = slices[index]
        guard isGiven(index) else { return nil }
        guard slice.kind == CWAL_JSON_STRING.rawValue,
            let time = Timestamp(
                utf8: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: slice.bytes, count: slice.count)))
        else { throw defect(index, "\"\(name)\" must be a time such as \"2011-09-30T22:38:44.546Z\"") }
        guard TaskMutation.timeRange.contains(time) else {
            throw defect(index, "\"\(name)\" is beyond the years 1 to 9999 (UTC)")
        }
        return time
    }

    func status(_ index: Int, _ name: StaticString) throws(LineDefect) -> TaskStatus {
        let text = try string(index, name)
        for (name, status) in Self.statuses where text.bytes.equals(name) { return status }
        let known = TaskStatus.allCases.map(\.rawValue).joined(separator: ", ")
        throw defect(index, "unknown status \"\(text.string)\"; known are \(known)")
    }

    func integer(_ index: Int, _ name: StaticString, or standard: Int32) throws(LineDefect) -> Int32 {
        let slice = slices[index]
        guard isGiven(index) else { return standard }
        guard slice.kind == CWAL_JSON_NUMBER.rawValue,
            let number = Self.integer(UnsafeBufferPointer(start: slice.bytes, count: slice.count))
        else { throw defect(index, "\"\(name)\" must be a whole number of 32 bits") }
        return number
    }

    /// Returns the text of a JSON value exactly as the line has it. For a value that no line can contain (see
    /// `TaskLine`), returns the contents of the string field `textName`.
    func json(_ index: Int, _ name: StaticString, orText textIndex: Int, _ textName: StaticString) throws(LineDefect)
        -> BorrowedText?
    {
        guard isGiven(textIndex) else { return isGiven(index) ? text(slices[index]) : nil }
        guard !isGiven(index) else { throw defect(textIndex, "give \"\(name)\" or \"\(textName)\", not both") }
        let text = try string(textIndex, textName)
        guard TaskLine.isJSON(text.string) else {
            throw defect(textIndex, "\"\(textName)\" isn't the text of a JSON value")
        }
        return text
    }

    private static let statuses: [(StaticString, TaskStatus)] = [
        ("pending", .pending), ("running", .running), ("completed", .completed), ("failed", .failed),
        ("cancelled", .cancelled),
    ]

    /// Reads a JSON number that is a 32-bit integer.
    private static func integer(_ digits: UnsafeBufferPointer<UInt8>) -> Int32? {
        let isNegative = digits.first == UInt8(ascii: "-")
        let first = isNegative ? 1 : 0
        // Ten digits fit into 64 bits.
        guard (1...10).contains(digits.count - first) else { return nil }
        var value: Int64 = 0
        for index in first..<digits.count {
            guard (0x30...0x39).contains(digits[index]) else { return nil }
            value = 10 * value + Int64(digits[index] - 0x30)
        }
        return Int32(exactly: isNegative ? -value : value)
    }

    private func text(_ slice: cwal_json_slice) -> BorrowedText {
        BorrowedText(UnsafeRawBufferPointer(start: slice.bytes, count: slice.count))
    }

    private func isGiven(_ index: Int) -> Bool {
        slices[index].kind != CWAL_JSON_ABSENT.rawValue && slices[index].kind != CWAL_JSON_NULL.rawValue
    }

    /// Returns the fields of an object that this object contains.
    func object(_ index: Int, _ name: StaticString, slices inner: UnsafePointer<cwal_json_slice>) throws(LineDefect)
        -> LineFields
    {
        guard slices[index].kind == CWAL_JSON_OBJECT.rawValue else {
            throw slices[index].kind == CWAL_JSON_ABSENT.rawValue
                ? missing(index, name) : defect(index, "\"\(name)\" must be an object")
        }
        return LineFields(slices: inner, column: Int(slices[index].offset) + 1)
    }

    func missing(_ index: Int, _ name: StaticString) -> LineDefect {
        slices[index].kind == CWAL_JSON_NULL.rawValue
            ? defect(index, "\"\(name)\" must not be null")
            : LineDefect(column: column, reason: "\"\(name)\" is missing")
    }

    func defect(_ index: Int, _ reason: String) -> LineDefect {
        LineDefect(column: Int(slices[index].offset) + 1, reason: reason)
    }
}

extension BorrowedText {
    var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension UnsafeRawBufferPointer {
    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount, let baseAddress else { return false }
        return memcmp(baseAddress, word.utf8Start, count) == 0
    }
}
