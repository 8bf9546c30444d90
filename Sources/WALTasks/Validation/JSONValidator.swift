/// Checks JSON text (RFC 8259) without building anything.
///
/// Open arrays and objects are kept as one bit each in a fixed field, not on the call stack: hostile nesting is an error
/// and can't overflow anything. The input is UTF-8 by its type (`String`), so only the grammar is left to check.
struct JSONValidator: ~Escapable {
    /// How deep arrays and objects may be nested.
    static let depthMax = 512

    private let bytes: Span<UInt8>
    private var offset = 0
    private var depth = 0
    /// Bit `n` says that the container at depth `n + 1` is an object.
    private var objects = InlineArray<8, UInt64>(repeating: 0)

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The offset of the first byte that can't be part of valid JSON; nil if the whole text is valid.
    @_lifetime(self: copy self)
    mutating func firstError() -> Int? {
        document() ? nil : offset
    }

    @_lifetime(self: copy self)
    private mutating func document() -> Bool {
        while true {
            skipSpace()
            // A value starts here, or a container that was opened just now ends.
            guard let opened = value() else { return false }
            if opened { continue }
            // Behind a value: everything that ends here, until a comma asks for the next value.
            while true {
                skipSpace()
                guard depth > 0 else { return offset == bytes.count }
                if skip(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    depth -= 1
                    continue
                }
                guard skip(UInt8(ascii: ",")) else { return false }
                if isObject {
                    guard name() else { return false }
                }
                break
            }
        }
    }

    /// Passes a scalar, an empty container, or the opening of one that isn't empty; true for the last.
    @_lifetime(self: copy self)
    private mutating func value() -> Bool? {
        switch peek() {
        case UInt8(ascii: "{"): return open(object: true)
        case UInt8(ascii: "["): return open(object: false)
        case UInt8(ascii: "\""): return string() ? false : nil
        case UInt8(ascii: "t"): return literal("true") ? false : nil
        case UInt8(ascii: "f"): return literal("false") ? false : nil
        case UInt8(ascii: "n"): return literal("null") ? false : nil
        default: return number() ? false : nil
        }
    }

    @_lifetime(self: copy self)
    private mutating func open(object: Bool) -> Bool? {
        guard depth < Self.depthMax else { return nil }
        offset += 1
        skipSpace()
        if skip(object ? UInt8(ascii: "}") : UInt8(ascii: "]")) { return false }
        let bit: UInt64 = 1 << UInt64(depth % 64)
        if object { objects[depth / 64] |= bit } else { objects[depth / 64] &= ~bit }
        depth += 1
        if object {
            guard name() else { return nil }
        }
        return true
    }

    private var isObject: Bool {
        objects[(depth - 1) / 64] >> UInt64((depth - 1) % 64) & 1 == 1
    }

    /// A member's name and the colon.
    @_lifetime(self: copy self)
    private mutating func name() -> Bool {
        skipSpace()
        guard peek() == UInt8(ascii: "\""), string() else { return false }
        skipSpace()
        return skip(UInt8(ascii: ":"))
    }

    @_lifetime(self: copy self)
    private mutating func string() -> Bool {
        offset += 1
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                offset += 1
                return true
            }
            guard byte >= 0x20 else { return false }
            offset += 1
            if byte == UInt8(ascii: "\\") {
                guard escape() else { return false }
            }
        }
        return false
    }

    @_lifetime(self: copy self)
    private mutating func escape() -> Bool {
        guard let byte = peek() else { return false }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
            return true
        case UInt8(ascii: "u"):
            offset += 1
            for _ in 0..<4 {
                guard let digit = peek(), Self.isHexadecimal(digit) else { return false }
                offset += 1
            }
            return true
        default: return false
        }
    }

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

    /// One digit or more.
    @_lifetime(self: copy self)
    private mutating func digits() -> Bool {
        let start = offset
        while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
        return offset > start
    }

    @_lifetime(self: copy self)
    private mutating func literal(_ word: StaticString) -> Bool {
        let size = word.utf8CodeUnitCount
        for index in 0..<size {
            guard unsafe peek() == word.utf8Start[index] else { return false }
            offset += 1
        }
        return true
    }

    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    @_lifetime(self: copy self)
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    private func peek() -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
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
