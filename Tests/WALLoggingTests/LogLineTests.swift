import Foundation
import Logging
import Testing
import WAL
import WALTesting

@testable import WALLogging

/// After a crash, a line is useless if it is changed, or if it crashes its reader.
@Suite struct LogLineTests {
    static let lines = [
        LogLine(time: Timestamp(rawValue: 0), level: .trace, label: "", message: ""),
        LogLine(
            time: Timestamp(rawValue: -1), level: .critical, label: "api", message: "line one\nline two",
            metadata: ["request": nestedMetadata, "port": "8080"], source: "Api", file: "Api/Server.swift",
            function: "serve(_:)", line: 42),
        LogLine(
            time: Timestamp(rawValue: .max), level: .notice, label: String(repeating: "l", count: 300),
            message: String(repeating: "é", count: 100_000), source: "other", file: "Api/Server.swift",
            function: "f()", line: .max),
    ]

    @Test(arguments: lines) func comesBack(_ line: LogLine) {
        #expect(LogLine(payload: line.encoded) == line)
    }

    @Test(arguments: Logger.Level.allCases) func everyLevelComesBack(_ level: Logger.Level) {
        let line = LogLine(time: .now, level: level, label: "l", message: "m")
        #expect(LogLine(payload: line.encoded)?.level == level)
    }

    private func golden(_ name: String) throws -> [UInt8] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
        return [UInt8](try Data(contentsOf: file))
    }

    /// Old logs stay readable. The metadata has one key in each dictionary, because the order of more isn't fixed.
    @Test func goldenFile() throws {
        let bytes = try golden("line-v1")
        let line = LogLine(
            time: Timestamp(rawValue: 1_700_000_000_000_000), level: .warning, label: "api", message: "slow",
            metadata: ["request": ["path": ["/a", "/b"]]], source: "Api", file: "Api/Server.swift",
            function: "serve()", line: 300)
        #expect(LogLine(payload: bytes) == line)
        #expect(line.encoded == bytes)
    }

    /// The example in FORMAT.md has the bytes of the golden file.
    @Test func theExampleOfTheFormat() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let format = try String(contentsOf: root.appending(path: "FORMAT.md"), encoding: .utf8)
        let section = try #require(format.range(of: "\n# The encoding of log lines\n")).upperBound
        let block = format[section...].split(separator: "```")[3]
        let digits = block.split(separator: "\n").flatMap { row in
            row.split(separator: "|")[0].split(separator: " ")
        }
        #expect(try digits.map { try #require(UInt8($0, radix: 16)) } == golden("line-v1"))
    }

    /// A reader returns with any bytes.
    @Test func damagedBytesAreNoLineOrAnotherOne() throws {
        let bytes = Self.lines[1].encoded
        for count in 0..<bytes.count { #expect(LogLine(payload: Array(bytes.prefix(count))) == nil) }
        #expect(LogLine(payload: bytes + [0]) == nil)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                if let line = LogLine(payload: changed) { #expect(LogLine(payload: line.encoded) == line) }
            }
        }
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<100_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[.random(in: 3..<changed.count, using: &generator)] = .random(
                    in: .min ... .max, using: &generator)
            }
            if let line = LogLine(payload: changed) { #expect(LogLine(payload: line.encoded) == line) }
        }
    }

    /// A count of 2^63 elements in ten bytes must not make the reader allocate them.
    @Test func aHugeCountIsRefused() {
        var output = LineOutput()
        for byte in Self.lines[0].encoded.dropLast() { output.put(byte) }
        output.put(varint: .max)
        #expect(LogLine(payload: output.bytes) == nil)
    }

    /// Deep nesting must not use up the stack of the reader. The writer keeps the deepest values as text.
    @Test func nestingHasALimit() throws {
        var value: Logger.MetadataValue = "leaf"
        for _ in 0..<1000 { value = [value] }
        var line = Self.lines[0]
        line.metadata = ["deep": value]
        let decoded = try #require(LogLine(payload: line.encoded))
        var depth = 0
        var inner = decoded.metadata["deep"]
        while case .array(let values) = inner {
            depth += 1
            inner = values.first
        }
        #expect(depth == LineFormat.depthMax)
        #expect("\(try #require(inner))".contains("leaf"))

        var output = LineOutput()
        for byte in Self.lines[0].encoded.dropLast() { output.put(byte) }
        output.put(varint: 1)
        output.put("deep")
        for _ in 0..<100_000 {
            output.put(LineFormat.Value.array)
            output.put(varint: 1)
        }
        output.put(LineFormat.Value.text)
        output.put("leaf")
        #expect(LogLine(payload: output.bytes) == nil)
    }

    @Test func otherRecordsAreNoLines() {
        #expect(LogLine(payload: []) == nil)
        #expect(LogLine(payload: Array("a text".utf8)) == nil)
        var later = Self.lines[1].encoded
        later[1] = 2
        #expect(LogLine(payload: later) == nil)
    }

    @Test func theTextIsOneLine() {
        #expect(
            Self.lines[1].description
                == #"1969-12-31T23:59:59.999999Z critical api: line one\nline two port=8080 "#
                + #"request="[empty: [:], list: [a, [b: c], []], text: , ümlaut: naïve 🪵]""#)
        let hostile = LogLine(
            time: Timestamp(rawValue: 0), level: .info, label: "l", message: "a\u{1B}[2Jb\r\u{85}",
            metadata: ["k": #"say "x=1""#, "e": ""])
        #expect(
            hostile.description
                == #"1970-01-01T00:00:00.000Z info l: a\u{1B}[2Jb\r\u{0085} e="" k="say \"x=1\"""#)
        let separators = LogLine(
            time: Timestamp(rawValue: 0), level: .info, label: "l", message: "a\u{2028}b",
            metadata: ["k": "\"\u{301}x"])
        #expect(separators.description == "1970-01-01T00:00:00.000Z info l: a\\u{2028}b k=\"\\\"\u{301}x\"")
    }

    /// A line that fits into no segment would be lost, so it is cut.
    @Test func aLongLineIsCut() throws {
        let line = LogLine(
            time: .now, level: .error, label: String(repeating: "l", count: 5000),
            message: String(repeating: "é", count: 100_000),
            metadata: ["k": "\(String(repeating: "v", count: 100_000))"],
            source: "s", file: "f", function: "g", line: 1)
        let cut = line.cut(to: 16 << 10, from: line.encoded.count).encoded
        #expect(cut.count <= 16 << 10)
        let decoded = try #require(LogLine(payload: cut))
        #expect(decoded.message.hasPrefix(String(repeating: "é", count: 1000)))
        #expect(decoded.metadata == ["wal.size": "\(line.encoded.count)"])
    }
}
