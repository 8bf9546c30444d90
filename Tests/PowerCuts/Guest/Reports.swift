import Glibc
import WAL

/// The guest's reports on the serial line, over all boots: see ``SerialLine``.
struct Reports {
    /// The records that must exist: the payload's number and index for each durable sequence number.
    private(set) var required: [UInt64: (number: UInt64, index: Int)] = [:]
    /// The highest number that was durable, or that an opening had seen.
    private(set) var spokenFor: UInt64 = 0
    /// The highest number that retention may have removed.
    private(set) var removable: UInt64 = 0
    /// The last version of each task, and the boots of all its versions.
    private(set) var tasks: [Int: [(version: Int, boot: UInt64)]] = [:]
    /// Errors in the reports themselves.
    private(set) var findings: [String] = []

    init(at path: String) throws {
        for boot in try Self.text(path).split(separator: "B ") { add(boot) }
    }

    private mutating func add(_ boot: Substring) {
        var appended: [UInt64: (number: UInt64, index: Int)] = [:]
        var durable: UInt64 = 0
        for line in boot.split(separator: "\n") {
            let words = line.split(separator: " ")
            let numbers = words.dropFirst().map { UInt64($0) ?? 0 }
            switch words.first {
            case "O" where numbers.count == 1: spokenFor = max(spokenFor, numbers[0])
            case "D" where numbers.count == 1: durable = max(durable, numbers[0])
            case "C" where numbers.count == 1: removable = max(removable, numbers[0])
            case "K" where numbers.count == 3:
                tasks[Int(numbers[0]), default: []].append((Int(numbers[1]), numbers[2]))
            case "A" where numbers.count == 3:
                let first = numbers[0] - numbers[2] + 1
                if first <= spokenFor { findings.append("LOSS number \(first) was given again to \(numbers[1])") }
                for index in 0..<numbers[2] { appended[first + index] = (numbers[1], Int(index)) }
            default: break
            }
        }
        for (sequence, payload) in appended where sequence <= durable { required[sequence] = payload }
        spokenFor = max(spokenFor, durable)
    }

    private static func text(_ path: String) throws -> String {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw WALError(.inputOutput, "\(path) can't be read.") }
        defer { close(file) }
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe part.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += part[..<count]
        }
    }
}
