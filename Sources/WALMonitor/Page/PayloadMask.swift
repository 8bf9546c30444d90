internal import WAL

/// The part of payloads and texts that a monitor shows.
public enum MonitorPayloads: String, Sendable, CaseIterable {
    /// Shows neither payloads nor their sizes, and no texts of errors.
    case none
    /// Shows the sizes of payloads.
    case sizes
    /// Shows payloads and texts, with `•••` in place of the values of secret keys.
    case redacted
    /// Shows payloads and texts unchanged.
    case full

    /// Returns whether a key of a payload names a secret: one of its words is `password`, `token`, `key`, `card` or a
    /// similar word.
    ///
    /// - Parameter key: The key.
    public static func isSecret(_ key: String) -> Bool {
        let plain = key.lowercased()
        if ["password", "passwd", "passphrase", "secret", "token", "credential"].contains(where: plain.contains) {
            return true
        }
        return words(key).contains { secretWords.contains($0) }
    }

    private static let secretWords: Set<String> = [
        "key", "keys", "apikey", "pwd", "pin", "authorization", "auth", "cookie", "cookies", "ssn", "card", "cvc",
        "cvv",
        "iban",
    ]

    /// Returns the words of a `snake_case`, `kebab-case` or `camelCase` name in lower case.
    private static func words(_ key: String) -> [String] {
        var words: [String] = [""]
        var wasLower = false
        for character in key {
            guard character.isLetter || character.isNumber else {
                words.append("")
                wasLower = false
                continue
            }
            if character.isUppercase, wasLower { words.append("") }
            wasLower = character.isLowercase
            words[words.count - 1] += character.lowercased()
        }
        return words.filter { !$0.isEmpty }
    }
}

/// Replaces the values of secret keys in a text. It finds keys in JSON, even in JSON that is cut off, and in pairs such
/// as `token=…` and `password: …`.
struct PayloadMask: Sendable {
    static let sign = "•••"

    private let isSecret: @Sendable (_ key: String) -> Bool

    init(_ isSecret: @escaping @Sendable (_ key: String) -> Bool) {
        self.isSecret = isSecret
    }

    func masked(_ text: String) -> String {
        var scanner = Scanner(bytes: Array(text.utf8))
        return String(decoding: masked(&scanner, isInString: false), as: UTF8.self)
    }

    private func masked(_ input: inout Scanner, isInString: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(input.bytes.count)
        while let byte = input.current {
            if byte == UInt8(ascii: "\""), !isInString {
                let string = input.string()
                let end = input.position
                if let separator = input.separator(), isSecret(Scanner.text(string)) {
                    output += string
                    output += separator
                    output.append(jsonString: Self.sign)
                    input.skipValue()
                } else {
                    input.position = end
                    // A string may contain pairs, or JSON with escaped quotes.
                    var inner = Scanner(bytes: Array(string.dropFirst()))
                    output += [byte] + masked(&inner, isInString: true)
                }
            } else if Scanner.isWord(byte) {
                let word = input.word()
                output += word
                let start = input.position
                guard let separator = input.separator(), isSecret(Scanner.text(word[...])) else {
                    input.position = start
                    continue
                }
                output += separator
                output += Self.sign.utf8
                input.skipText(
                    of: Scanner.text(word[...]).lowercased(), after: separator, isInString: isInString)
            } else {
                output.append(byte)
                input.position += 1
            }
        }
        return output
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        var current: UInt8? { position < bytes.count ? bytes[position] : nil }

        /// Returns a key without its quotes and escapes.
        static func text(_ bytes: some Collection<UInt8>) -> String {
            let parts = String(decoding: bytes.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
                .split(separator: "\\", omittingEmptySubsequences: false)
            let rest = parts.dropFirst().map { part -> String in
                guard part.first == "u", part.utf8.count >= 5, let code = UInt32(part.dropFirst().prefix(4), radix: 16),
                    let scalar = Unicode.Scalar(code)
                else { return String(part) }
                return String(Character(scalar)) + part.dropFirst(5)
            }
            return (parts.first.map(String.init) ?? "") + rest.joined()
        }

        static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...:
                true
            default: false
            }
        }

        static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

        /// Takes a string with its quotes. Takes the rest of the text if the string has no end.
        mutating func string() -> ArraySlice<UInt8> {
            let start = position
            position += 1
            while let byte = current {
                position += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == UInt8(ascii: "\"") { break }
            }
            position = min(position, bytes.count)
            return bytes[start..<position]
        }

        mutating func word() -> [UInt8] {
            let start = position
            while let byte = current, Self.isWord(byte) { position += 1 }
            return Array(bytes[start..<position])
        }

        /// Takes the text between a key and its value. In escaped JSON, this text includes a backslash and a quote.
        mutating func separator() -> [UInt8]? {
            let start = position
            var hasSign = false
            while let byte = current {
                if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") {
                    if hasSign { break }
                    hasSign = true
                } else if byte == UInt8(ascii: "'"), position == start {
                    // This is the closing quote of a key in single quotes.
                } else if byte == UInt8(ascii: ">"), hasSign, bytes[position - 1] == UInt8(ascii: "=") {
                    // This is the arrow of Ruby and PHP.
                } else if byte == UInt8(ascii: "\\")
                    || (byte == UInt8(ascii: "\"") && position > start
                        && bytes[position - 1] == UInt8(ascii: "\\"))
                {
                    // The quote after the sign begins the value.
                    if hasSign, byte == UInt8(ascii: "\"") {
                        position += 1
                        break
                    }
                } else if !Self.isSpace(byte) {
                    break
                }
                position += 1
            }
            guard hasSign else {
                position = start
                return nil
            }
            return Array(bytes[start..<position])
        }

        /// Skips a value of JSON.
        mutating func skipValue() {
            var depth = 0
            while let byte = current {
                switch byte {
                case UInt8(ascii: "\""):
                    _ = string()
                    if depth == 0 { return }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth < 0 { return }
                    if depth == 0 {
                        position += 1
                        return
                    }
                case UInt8(ascii: ","): if depth == 0 { return }
                default: break
                }
                position += 1
            }
        }

        /// Skips the value of a pair in a text: a string, an array, an object, a word, or a scheme and a word. A list of
        /// cookies ends at the end of the line.
        mutating func skipText(of key: String, after separator: [UInt8], isInString: Bool) {
            // In escaped JSON, each quote of the same depth has as many backslashes.
            let isQuote = { (byte: UInt8) in byte == UInt8(ascii: "\"") }
            let depth = separator.prefix { !isQuote($0) }.reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if depth > 0, separator.last.map(isQuote) ?? false { return skipEscapedString(depth) }
            if current == UInt8(ascii: "{") || current == UInt8(ascii: "[") {
                return skipEscapedNest(depth, isInString: isInString)
            }
            if let quote = current, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") && !isInString {
                position += 1
                while let byte = current, byte != quote { position += byte == UInt8(ascii: "\\") ? 2 : 1 }
                position = min(position + 1, bytes.count)
                return
            }
            let isCookie = key.contains("cookie")
            // An authorization begins with a scheme, which may be any word.
            var namesScheme = key.hasSuffix("authorization")
            while true {
                let start = position
                skipWord(upTo: isCookie ? [0x0A, 0x0D] : [0x20, 0x09, 0x0A, 0x0D] + Array(",;&".utf8))
                let scheme = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
                guard namesScheme || ["bearer", "basic", "digest"].contains(scheme), current == 0x20 else { return }
                namesScheme = false
                position += 1
            }
        }

        /// Skips the rest of a string in escaped JSON, up to the quote with this number of backslashes. A quote with
        /// fewer ends a string around it.
        private mutating func skipEscapedString(_ depth: Int) {
            var backslashes = 0
            while let byte = current {
                if byte == UInt8(ascii: "\""), backslashes <= depth {
                    position -= backslashes
                    return
                }
                backslashes = byte == UInt8(ascii: "\\") ? backslashes + 1 : 0
                position += 1
            }
        }

        /// Skips an array or an object in JSON whose quotes have this number of backslashes. A quote with fewer ends a
        /// string around it.
        private mutating func skipEscapedNest(_ depth: Int, isInString: Bool) {
            var (backslashes, open, isString) = (0, 0, false)
            while let byte = current {
                if byte == UInt8(ascii: "\"") {
                    if backslashes < depth || isInString && backslashes == 0 {
                        position -= backslashes
                        return
                    }
                    if backslashes == depth { isString.toggle() }
                } else if !isString {
                    if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { open += 1 }
                    if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { open -= 1 }
                }
                backslashes = byte == UInt8(ascii: "\\") ? backslashes + 1 : 0
                position += 1
                if open == 0 { return }
            }
        }

        /// Skips bytes up to one of `ends` or to the end of a string.
        private mutating func skipWord(upTo ends: [UInt8]) {
            while let byte = current, !ends.contains(byte), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                position += 1
            }
        }
    }
}
