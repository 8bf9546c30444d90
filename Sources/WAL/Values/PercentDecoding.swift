extension [UInt8] {
    /// Decodes percent-encoded text. Nil if a '%' doesn't come before two hexadecimal digits, or if they are those of a
    /// NUL.
    package init?(percentDecoding text: Substring) {
        self = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(Substring(rest.prefix(2)), radix: 16), value != 0 else {
                return nil
            }
            append(value)
            rest = rest.dropFirst(2)
        }
    }
}
