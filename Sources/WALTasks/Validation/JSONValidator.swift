/// A validator of JSON text (RFC 8259), which builds no values.
///
/// Open arrays and objects take one bit each in a fixed field, not in the call stack. So hostile nesting is an error
/// and can't overflow the stack. The type of the input (`String`) guarantees UTF-8, so only the grammar is checked.
///
/// Every saved task passes through it, so the small steps are inlined into one loop whose variables stay in
/// registers.
package struct JSONValidator: ~Escapable {
    /// The maximum nesting of arrays and objects.
    static let depthMax = 512

    private let bytes: Span<UInt8>
    private let count: Int
    private var offset = 0
    private var depth = 0
    /// Whether the innermost open container is an object.
    private var isObject = false
    /// Bit `n` is set if the container at depth `n + 1` is an object.
    private var objects = InlineArray<8, UInt64>(repeating: 0)

    @_lifetime(copy bytes)
    private init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
        count = bytes.count
    }

    /// Returns the offset of the first byte that can't be part of valid JSON, or nil if the whole text is valid.
    package static func firstError(in bytes: Span<UInt8>) -> Int? {
        var validator = JSONValidator(bytes)
        return validator.document() ? nil : validator.offset
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func document() -> Bool {
        var isNamed = false
        while true {
            if isNamed {
                guard name() else { return false }
            }
            guard let opened = value() else { return false }
            if opened {
                isNamed = isObject
                continue
            }
            // After a value: close all containers that end here, until a comma requires the next value.
            while true {
                skipSpace()
                guard depth > 0 else { return offset == count }
                if skip(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    close()
                    continue
                }
                guard skip(UInt8(ascii: ",")) else { return false }
                isNamed = isObject
                break
            }
        }
    }

    /// Skips a scalar, an empty container, or the opening of a nonempty one. Returns true for the last.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func value() -> Bool? {
        skipSpace()
        guard offset < count else { return nil }
        switch byte {
        case UInt8(ascii: "\""): return string() ? false : nil
        case UInt8(ascii: "{"): return open(object: true, end: UInt8(ascii: "}"))
        case UInt8(ascii: "["): return open(object: false, end: UInt8(ascii: "]"))
        case UInt8(ascii: "t"): return literal("true") ? false : nil
        case UInt8(ascii: "f"): return literal("false") ? false : nil
        case UInt8(ascii: "n"): return literal("null") ? false : nil
        default: return number() ? false : nil
        }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func open(object: Bool, end: UInt8) -> Bool? {
        guard depth < Self.depthMax else { return nil }
        offset += 1
        skipSpace()
        if skip(end) { return false }
        let bit: UInt64 = 1 << UInt64(depth % 64)
        if object { objects[depth / 64] |= bit } else { objects[depth / 64] &= ~bit }
        depth += 1
        isObject = object
        return true
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func close() {
        depth -= 1
        let outer = max(depth - 1, 0)
        isObject = objects[outer / 64] >> UInt64(outer % 64) & 1 == 1
    }

    /// Skips a member's name and the colon.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func name() -> Bool {
        skipSpace()
        guard offset < count, byte == UInt8(ascii: "\""), string() else { return false }
        skipSpace()
        return skip(UInt8(ascii: ":"))
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func string() -> Bool {
        offset += 1
        while true {
            skipOrdinary()
            guard offset < count, byte >= 0x20 else { return false }
            let isEnd = byte == UInt8(ascii: "\"")
            offset += 1
            if isEnd { return true }
            guard escape() else { return false }
        }
    }

    /// Skips characters without a meaning in a string, eight bytes at a time while there are that many.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func skipOrdinary() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while offset + 8 <= count {
            let word = UInt64(
                littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt64.self))
            let quotes = word ^ ones &* UInt64(UInt8(ascii: "\""))
            let backslashes = word ^ ones &* UInt64(UInt8(ascii: "\\"))
            // The subtraction borrows into a byte's top bit if the byte is 0 or less than 0x20. Borrows only run into
            // higher bytes, so the lowest set bit is right. (H. S. Warren, Hacker's Delight, 6-1.)
            let special =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word)
                & (ones &* 0x80)
            if special != 0 {
                offset += special.trailingZeroBitCount / 8
                return
            }
            offset += 8
        }
        while offset < count, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { offset += 1 }
    }

    /// Skips the characters after a backslash.
    @_lifetime(self: copy self)
    private mutating func escape() -> Bool {
        guard offset < count else { return false }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
            return true
        case UInt8(ascii: "u"):
            offset += 1
            for _ in 0..<4 {
                guard offset < count, Self.isHexadecimal(byte) else { return false }
                offset += 1
            }
            return true
        default: return false
        }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func number() -> Bool {
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) {
            guard digits() else { return false }
        }
        if skip(UInt8(ascii: ".")) {
            guard digits() else { return false }
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            guard digits() else { return false }
        }
        return true
    }

    /// Skips at least one digit.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func digits() -> Bool {
        let start = offset
        while offset < count, byte &- UInt8(ascii: "0") < 10 { offset += 1 }
        return offset > start
    }

    @_lifetime(self: copy self)
    private mutating func literal(_ word: StaticString) -> Bool {
        let size = word.utf8CodeUnitCount
        for index in 0..<size {
            guard offset < count, unsafe byte == word.utf8Start[index] else { return false }
            offset += 1
        }
        return true
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while offset < count, byte <= 0x20 {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            offset += 1
        }
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func skip(_ wanted: UInt8) -> Bool {
        guard offset < count, byte == wanted else { return false }
        offset += 1
        return true
    }

    /// The byte at `offset`. Every caller has compared `offset` with `count` before; a second check would cost a
    /// tenth of the total time.
    @inline(__always)
    private var byte: UInt8 {
        unsafe bytes[unchecked: offset]
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
