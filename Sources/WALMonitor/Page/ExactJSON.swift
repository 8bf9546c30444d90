internal import WAL

/// JSON for readers whose numbers have a precision of 53 bits. Long integers become strings.
package struct ExactJSON {
    /// The largest number of digits with which every integer is exact in JavaScript.
    private static let digitsMax = 15

    /// Returns the members of a valid object in order. In the values, integers of more than 15 digits become strings,
    /// unless the reader has 64-bit numbers.
    package static func members(of object: [UInt8], numbers: Bool = false) -> [(key: String, value: [UInt8])] {
        var members: [(key: String, value: [UInt8])] = []
        var (key, value): ([UInt8], [UInt8]) = ([], [])
        var depth = 0
        var isKey = true
        var position = 0

        func flush() {
            if !key.isEmpty { members.append((String(decoding: key.dropFirst().dropLast(), as: UTF8.self), value)) }
            (key, value, isKey) = ([], [], true)
        }

        while position < object.count {
            let byte = object[position]
            var token = position..<(position + 1)
            switch byte {
            case UInt8(ascii: "\""): token = position..<end(ofString: object, from: position)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                token = position..<(object[position...].firstIndex { !isNumber($0) } ?? object.count)
            default: break
            }
            position = token.upperBound
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 1 { continue }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    flush()
                    continue
                }
            case UInt8(ascii: ",") where depth == 1:
                flush()
                continue
            case UInt8(ascii: ":") where depth == 1:
                isKey = false
                continue
            default: break
            }
            let bytes = object[token]
            if depth == 1, isKey {
                key += bytes
            } else if !numbers, isLongInteger(bytes) {
                value += [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
            } else {
                value += bytes
            }
        }
        return members
    }

    /// Returns the elements of a valid array.
    package static func elements(of array: [UInt8]) -> [[UInt8]] {
        var elements: [[UInt8]] = []
        var element: [UInt8] = []
        var depth = 0
        var position = 0
        while position < array.count {
            let byte = array[position]
            let token =
                byte == UInt8(ascii: "\"")
                ? position..<end(ofString: array, from: position) : position..<(position + 1)
            position = token.upperBound
            let isOpening = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
            let isClosing = byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
            if isClosing { depth -= 1 }
            if depth == 0 || depth == 1 && byte == UInt8(ascii: ",") {
                if !element.isEmpty { elements.append(element) }
                element = []
            } else {
                element += array[token]
            }
            if isOpening { depth += 1 }
        }
        return elements
    }

    private static func end(ofString text: [UInt8], from start: Int) -> Int {
        var position = start + 1
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position + 1, text.count)
    }

    private static func isNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private static func isLongInteger(_ token: ArraySlice<UInt8>) -> Bool {
        token.count > digitsMax && token.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    }
}

extension ExactJSON {
    /// Returns the object that consists of these members.
    static func object(_ members: [(key: String, value: [UInt8])]) -> [UInt8] {
        JSONText.object { for member in members { $0.json(member.key, member.value) } }
    }
}
