import WAL
import WALTasks

/// Mutations of every kind, with fields of every accepted form. The same seed gives the same mutations.
struct RandomMutations {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    private mutating func below(_ count: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ word >> 31) % UInt64(count))
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    private mutating func maybe<Value>(_ value: (inout Self) -> Value) -> Value? {
        below(3) == 0 ? nil : value(&self)
    }

    private static let characters: [Character] = [
        "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\r", "\t", "\u{1}", "\u{1F}", "\u{7F}", "é", "\u{2028}", "😀",
        "\u{FEFF}", "\u{FFFD}", "\u{10FFFF}", "{", "}", ":", ",",
    ]

    private mutating func text(_ sizes: Range<Int> = 0..<20) -> String {
        String((0..<sizes.lowerBound + below(sizes.count)).map { _ in pick(Self.characters) })
    }

    private mutating func time() -> Timestamp {
        let range = TaskMutation.timeRange
        let span = range.upperBound.rawValue - range.lowerBound.rawValue
        let offset = Int64(below(Int(span)))
        return switch below(8) {
        case 0: range.lowerBound
        case 1: range.upperBound
        case 2: Timestamp(rawValue: 0)
        default: Timestamp(rawValue: range.lowerBound.rawValue + offset)
        }
    }

    private mutating func number() -> Int32 {
        pick([0, 1, -1, .max, .min, Int32(truncatingIfNeeded: below(.max))])
    }

    private mutating func space() -> String { pick(["", "", "", " ", "\n", "\r", "\t", "  "]) }

    private mutating func jsonString() -> String {
        let parts = [
            "a", "é", "\\n", "\\/", "\\\\", "\\\"", "\\u0000", "\\ud83d", "\\uDEAD", "\\ud83d\\ude00", "\\u00e9", "😀",
            "\u{7F}",
        ]
        return "\"" + (0..<below(5)).map { _ in pick(parts) }.joined() + "\""
    }

    /// A JSON text of a random form.
    mutating func json(depth: Int = 0) -> String {
        let kind = below(depth > 4 ? 5 : 7)
        let value: String
        switch kind {
        case 0: value = pick(["null", "true", "false"])
        case 1: value = pick(["0", "-0", "1.50", "1e400", "-1E-7", "123456789012345678901234567890", "0.0"])
        case 2, 3, 4: value = jsonString()
        case 5:
            value = "[" + space() + (0..<below(4)).map { _ in json(depth: depth + 1) }.joined(separator: ",") + "]"
        default:
            let members = (0..<below(4)).map { _ in
                space() + jsonString() + space() + ":" + json(depth: depth + 1)
            }
            value = "{" + members.joined(separator: ",") + space() + "}"
        }
        return space() + value + space()
    }

    /// A JSON text, often with a small change.
    mutating func nearJSON() -> String {
        var scalars = Array(json().unicodeScalars)
        for _ in 0..<below(3) where !scalars.isEmpty {
            let place = below(scalars.count)
            switch below(3) {
            case 0: scalars.remove(at: place)
            case 1: scalars.insert(pick(["\"", "\\", "{", "]", ",", ":", "0", "e", "\u{0}", "\n", "u"]), at: place)
            default: scalars[place] = pick(["\"", "\\", "[", "}", "-", "+", ".", "1", "\u{B}", "\u{85}", "n"])
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A mutation of the kind with this index, 0 to 6.
    mutating func next(kind: Int) -> TaskMutation {
        switch kind {
        case 0:
            return .save(
                PersistentTask(
                    id: text(1..<20), dagID: text(), nodeID: text(), currentNodeID: maybe { $0.text() },
                    subDAGPath: maybe { $0.text() }, processingState: maybe { $0.text() }, payload: maybe { $0.json() },
                    status: pick(TaskStatus.allCases), createdAt: time(), updatedAt: time(),
                    startedAt: maybe { $0.time() }, completedAt: maybe { $0.time() }, error: maybe { $0.text() },
                    retryCount: number(), maxRetries: number(), priority: number()))
        case 1:
            return .log(
                TaskActivityLog(
                    id: text(1..<20), taskID: text(1..<20), dagID: text(), nodeID: text(), action: text(),
                    message: maybe { $0.text() }, data: maybe { $0.json() }, level: text(), createdAt: time()))
        case 2:
            return .updateStatus(
                id: text(1..<20), status: pick(TaskStatus.allCases), error: maybe { $0.text() }, time: time())
        case 3: return .delete(id: text(1..<20))
        case 4: return .deleteDAG(id: text())
        case 5: return .removeTasks(endedBefore: time())
        default: return .removeActivities(createdBefore: time())
        }
    }
}
