extension [UInt8] {
    /// Decodes percent-encoded text. Returns nil if a '%' isn't followed by two hexadecimal digits, or if these encode
    /// NUL.
    package init?(percentDecoding text: Substring) {
        self = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                append(byte)
                continue
            }
            // The parser of numbers accepts a sign.
            let digits = Substring(rest.prefix(2))
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16), value != 0
            else { return nil }
            append(value)
            rest = rest.dropFirst(2)
        }
    }
}
