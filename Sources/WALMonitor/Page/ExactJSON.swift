internal import WAL

/// JSON for readers whose numbers have a precision of 53 bits. Long integers become strings.
package struct ExactJSON {
    /// The largest number of digits with which every integer is exact in JavaScript.
    private static let digitsMax = 15
    private static let numberBytes = Array("0123456789-+.eE".utf8)

    /// Returns the members of a valid object in order. In the values, integers of more than 15 digits become strings,
    /// unless the reader has 64-bit numbers.
    package static func members(of object: [UInt8], numbers: Bool = false) -> [(key: String, value: [UInt8])] {
        var members: [(key: String, value: [UInt8])] = []
        var key: [UInt8] = []
        var value: [UInt8] = []
        var depth = 0
        var position = 0
        while position < object.count {
            let byte = object[position]
            let token = object[position..<end(ofToken: object, from: position)]
            position = token.endIndex
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { depth -= 1 }
            if depth == 0 || depth == 1 && byte == UInt8(ascii: ",") {
                if !value.isEmpty {
                    members.append((String(decoding: key.dropFirst().dropLast(), as: UTF8.self), value))
                }
                (key, value) = ([], [])
            } else if depth == 1, byte == UInt8(ascii: ":") {
                (key, value) = (value, [])
            } else if !numbers, isLongInteger(token) {
                value += [UInt8(ascii: "\"")] + token + [UInt8(ascii: "\"")]
            } else {
                value += token
            }
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
        }
        return members
    }

    /// Returns the elements of a valid array.
    package static func elements(of array: [UInt8]) -> [[UInt8]] {
        // An element is a member without a key.
        members(of: array, numbers: true).map(\.value)
    }

    /// Returns the end of a string or a number. Any other byte is a token by itself.
    private static func end(ofToken text: [UInt8], from start: Int) -> Int {
        guard text[start] == UInt8(ascii: "\"") else {
            return max(start + 1, text[start...].firstIndex { !numberBytes.contains($0) } ?? text.count)
        }
        var position = start + 1
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position + 1, text.count)
    }

    private static func isLongInteger(_ token: ArraySlice<UInt8>) -> Bool {
        token.count > digitsMax && token.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    }

    /// Returns the object that consists of these members.
    static func object(_ members: [(key: String, value: [UInt8])]) -> [UInt8] {
        JSONText.object { for member in members { $0.json(member.key, member.value) } }
    }
}
