/// The input or the result of a node in a DAG of names: a JSON payload, and the status by which a condition chooses the
/// next node.
public struct NodeResult: Hashable, Sendable {
    /// The payload.
    public var payload: JSON
    /// The status, which is a label of ``DAG/addCondition(_:_:)``. Nil means `default`.
    public var status: String?

    /// Makes a result. Each argument sets the property of the same name.
    public init(_ payload: JSON, status: String? = nil) {
        self.payload = payload
        self.status = status
    }

    /// Makes a result whose payload is an encoded value.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - status: The status. Nil means `default`.
    /// - Throws: The error of the encoder.
    public init(encoding value: some Encodable, status: String? = nil) throws {
        self.init(try JSON(encoding: value), status: status)
    }
}

/// The input of a step in a DAG of names.
public struct NodeTask: Sendable {
    /// The payload: the result of the node before this one. If several nodes precede this one, it is an object of the
    /// results by id. If only one of them ran, it is that result.
    public let payload: JSON
    /// The step, with the task's id, the number of the attempt, and the key for other systems.
    public let step: FlowStep

    /// The id of the task.
    public var id: String { step.taskID }

    /// Decodes the payload.
    ///
    /// - Parameter type: The type of the value.
    /// - Throws: The error of the decoder.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try payload.decode(type)
    }

    /// Writes an activity of the task; see ``FlowStep/logActivity(_:_:data:level:)``.
    ///
    /// - Parameters:
    ///   - action: The name of the action.
    ///   - message: A description for people.
    ///   - data: Details as JSON.
    ///   - level: The level, such as `info`.
    public func logActivity(_ action: String, _ message: String? = nil, data: String? = nil, level: String = "info") {
        step.logActivity(action, message, data: data, level: level)
    }
}

extension JSON {
    /// The texts of an array's elements; nil if the text isn't an array. The text must be valid JSON.
    var elements: [JSON]? {
        let bytes = Array(text.utf8)
        guard let start = bytes.firstIndex(where: { !Self.isSpace($0) }), bytes[start] == UInt8(ascii: "[") else {
            return nil
        }
        var elements: [JSON] = []
        var (depth, isInText, isEscaped, begin) = (0, false, false, start + 1)
        func add(_ end: Int) {
            let text = String(decoding: bytes[begin..<end], as: UTF8.self)
            if !text.allSatisfy(\.isWhitespace) { elements.append(JSON(text)) }
            begin = end + 1
        }
        for index in start..<bytes.count {
            let byte = bytes[index]
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { add(index) }
            case UInt8(ascii: ",") where depth == 1: add(index)
            default: break
            }
        }
        return elements
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// Returns the array of these values.
    static func array(_ values: [JSON]) -> JSON {
        JSON("[" + values.map(\.text).joined(separator: ",") + "]")
    }

    /// Returns an object with these members in order.
    static func object(_ values: [(id: String, value: JSON)]) -> JSON {
        let members = values.map { member in
            let key = (try? JSON(encoding: member.id).text) ?? "\"\""
            return "\(key):\(member.value.text)"
        }
        return JSON("{" + members.joined(separator: ",") + "}")
    }
}
