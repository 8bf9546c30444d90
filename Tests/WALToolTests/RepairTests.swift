import Foundation
import TestSupport
import Testing

@testable import WAL

/// A repair must do exactly the steps that it showed, and showing them must change nothing.
@Suite(.timeLimit(.minutes(10))) struct RepairTests {
    enum Damage: CaseIterable {
        case none, killed, abandonedClaim, tornTail, corruption
        case missingSegment, noHeader, noHeaderAtAll, leftover, behindFooter
    }

    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("log")
    }

    private func files() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: log) {
            files[name] = FileManager.default.contents(atPath: "\(log)/\(name)")
        }
        return files
    }

    private func change(_ name: String, _ body: (inout Data) throws -> Void) throws {
        let file = URL(fileURLWithPath: "\(log)/\(name)")
        var data = try Data(contentsOf: file)
        try body(&data)
        try data.write(to: file)
    }

    /// Three segments of ten records each, all durable but the last five. `isKilled` leaves the files of a killed process.
    private func makeLog(isKilled: Bool) async throws -> [String] {
        let source = scratch.path("source")
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 64 << 10
        configuration.syncPolicy = .manual
        configuration.maxPreparedSegments = 1
        let open = try await WriteAheadLog.open(at: source, configuration: configuration)
        for round in 1...3 {
            for number in 1...10 {
                if round == 3, number == 6 { try await open.sync() }
                try await open.append(Array("record \(round) \(number)".utf8))
            }
            if round < 3 {
                try await open.roll()
                try await eventually { open.segments.dropLast().allSatisfy { $0.state == .sealed } }
            }
        }
        try await eventually { open.statistics.preparedSegmentCount > 0 }
        if !isKilled { try await open.close() }
        try FileManager.default.copyItem(atPath: source, toPath: log)
        if isKilled { try await open.close() }
        return try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(".wal") }.sorted()
    }

    private func make(_ damage: Damage) async throws {
        let names = try await makeLog(isKilled: [.killed, .abandonedClaim, .tornTail].contains(damage))
        switch damage {
        case .none, .killed: break
        case .abandonedClaim:
            try change(names[2]) { data in
                // A frame's first word is stored last. Without it, the producer died before the commit.
                let frame = try #require(data.range(of: Data("record 3 9".utf8))).lowerBound - 24
                data.replaceSubrange(frame..<frame + 8, with: Data(count: 8))
            }
        case .tornTail:
            try change(names[2]) { data in
                guard case .header(var header, _) = data.withUnsafeBytes({ SegmentHeader.decode($0) }) else { return }
                header.bootID = BootID(low: 1, high: 2)
                data.withUnsafeMutableBytes { bytes in
                    if let base = bytes.baseAddress { header.encode(to: base) }
                }
                let record = try #require(data.range(of: Data("record 3 9".utf8)))
                data[record.lowerBound] ^= 1
            }
        case .corruption:
            try change(names[1]) { data in
                let record = try #require(data.range(of: Data("record 2 4".utf8)))
                data[record.lowerBound] ^= 1
            }
        case .missingSegment: try FileManager.default.removeItem(atPath: "\(log)/\(names[1])")
        case .noHeader: try change(names[1]) { $0.replaceSubrange(0..<1024, with: Data(count: 1024)) }
        case .noHeaderAtAll:
            for name in names { try change(name) { $0.replaceSubrange(0..<1024, with: Data(count: 1024)) } }
        case .leftover:
            let leftover = "\(log)/00000000000000000077.wal.new"
            try #require(FileManager.default.createFile(atPath: leftover, contents: Data([1])))
        case .behindFooter: try change(names[2]) { $0.append(Data(count: 4096)) }
        }
    }

    private func actions(_ steps: [[String: Any]]) -> [String] {
        steps.map { "\($0["action"] ?? "") \($0["segment"] ?? "")" }
    }

    private func expected(_ damage: Damage) -> [String] {
        switch damage {
        case .none: []
        case .killed: ["seal 3", "remove 4"]
        case .abandonedClaim: ["fillClaim 3", "seal 3", "remove 4", "record 5"]
        case .tornTail: ["setAside 4", "rewrite 3", "record 5"]
        case .corruption: ["rewrite 2", "record 4"]
        case .missingSegment: ["placeholder 2", "record 4"]
        case .noHeader: ["setAside 2", "placeholder 2", "record 4"]
        case .noHeaderAtAll: ["setAside 3", "setAside 2", "setAside 1", "record 4"]
        case .leftover: ["remove 77"]
        case .behindFooter: ["cut 3"]
        }
    }

    @Test(arguments: Damage.allCases) func whatIsShownIsWhatIsDone(_ damage: Damage) async throws {
        try await make(damage)
        let before = try files()
        if damage == .noHeaderAtAll {
            // The log is damaged, and not a directory without a log.
            #expect(try ToolRun(["inspect", log]).status == 1)
        }
        let shown = try ToolRun(["repair", log, "--json"])
        let text = try ToolRun(["repair", log])
        #expect(try files() == before)
        let isDamaged = [.corruption, .missingSegment, .noHeader, .noHeaderAtAll].contains(damage)
        #expect(shown.status == (isDamaged ? 1 : 0))
        #expect(text.status == shown.status)
        let steps = try #require(shown.json["steps"] as? [[String: Any]])
        #expect(actions(steps) == expected(damage))
        #expect(try shown.json["applied"] as? Bool == false)
        #expect(text.output.contains("Nothing was changed") || steps.isEmpty && text.output.contains("nothing to do"))

        let applied = try ToolRun(["repair", log, "--apply", "--json"])
        #expect(applied.status == 0, "\(applied.errors)")
        let done = try #require(applied.json["steps"] as? [[String: Any]])
        #expect(NSArray(array: done) == NSArray(array: steps))
        #expect(try applied.json["applied"] as? Bool == !steps.isEmpty)
        for step in steps { try check(step, before: before, after: files()) }
        if steps.isEmpty { #expect(try files() == before) }

        let again = try ToolRun(["repair", log, "--json"])
        #expect(again.status == 0)
        #expect(try (again.json["steps"] as? [Any])?.isEmpty == true)
    }

    /// A growing log isn't damaged, and its writer still runs.
    @Test func besideAWriterItNamesTheProcess() async throws {
        let names = try await makeLog(isKilled: false)
        #expect(names.count > 2)
        let writer = try await WriteAheadLog.open(at: log)
        for arguments in [["repair", log], ["repair", log, "--json"], ["repair", log, "--apply"]] {
            let run = try ToolRun(arguments)
            #expect(run.status == 74)
            #expect(run.errors.contains("in use by process \(getpid())"), "\(run.errors)")
            #expect(run.output == "")
        }
        try await writer.close()
        #expect(try ToolRun(["repair", log]).status == 0)
    }

    /// The files show whether a step was taken.
    private func check(_ step: [String: Any], before: [String: Data], after: [String: Data]) throws {
        let number = try #require(step["segment"] as? Int)
        let name = String(format: "%020d.wal", number)
        let offset = try #require(step["offset"] as? Int)
        let kept = after.filter { $0.key.hasPrefix("damaged/") }.values
        switch step["action"] as? String {
        case "setAside": #expect(kept.contains(before[name] ?? Data()))
        case "rewrite":
            #expect(kept.contains(before[name] ?? Data()))
            #expect(after[name] != nil && after[name] != before[name])
            #expect(offset > 1024)
        case "placeholder", "record": #expect(after[name] != nil && after[name] != before[name])
        case "fillClaim":
            #expect(before[name]?[offset..<offset + 8] == Data(count: 8))
            #expect(after[name]?[offset..<offset + 8] != Data(count: 8))
        case "seal":
            #expect(before[name]?[offset...].allSatisfy { $0 == 0 } == true)
            #expect((after[name]?.count ?? 0) > offset)
        case "cut": #expect(after[name] == before[name]?[..<offset])
        case "remove": #expect(after[name] == nil && after[name + ".new"] == nil)
        default: Issue.record("\(step)")
        }
    }
}
