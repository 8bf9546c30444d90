import Foundation
import TestSupport
import Testing

/// A number that wasn't measured is worse than none, and a gigabyte of leftover files fills the measured disk.
struct BenchTests {
    private static let keys = [
        "written_appends_per_second", "durable_appends_per_second_1", "durable_appends_per_second_64",
        "recovery_gigabytes_per_second",
    ]

    private let scratch: Scratch
    private let arguments: [String]

    init() throws {
        scratch = try Scratch()
        arguments = ["bench", "--directory", scratch.directory.path, "--seconds", "0.2", "--records", "20000"]
    }

    private func expectNothingLeft() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).isEmpty)
    }

    @Test func asJSON() throws {
        let run = try ToolRun(arguments + ["--json"])
        #expect(run.status == 0, "\(run.errors)")
        let figures = try run.json
        #expect(figures.keys.sorted() == Self.keys.sorted())
        for key in Self.keys {
            let figure = try #require(figures[key] as? [String: Any])
            #expect(figure["value"] as? Double ?? 0 > 0, "\(key)")
            #expect((figure["unit"] as? String)?.isEmpty == false, "\(key)")
            guard key.hasPrefix("durable") else { continue }
            let middle = try #require(figure["p50_us"] as? Double)
            #expect(middle > 0 && figure["p99_us"] as? Double ?? 0 >= middle, "\(key)")
        }
        try expectNothingLeft()
    }

    @Test func asText() throws {
        let run = try ToolRun(arguments)
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == Self.keys.count)
        for line in lines {
            let words = line.split(separator: ": ").last?.split(separator: " ") ?? []
            #expect(words.first.flatMap { Double($0) } ?? 0 > 0, "\(line)")
        }
        #expect(lines.count { $0.contains("p50 ") && $0.contains("p99 ") } == 2)
        try expectNothingLeft()
    }

    /// A duration of 0 ms must not give a rate that isn't a number.
    @Test func theShortestDurationMeasuresAnAppend() throws {
        let run = try ToolRun(
            ["bench", "--directory", scratch.directory.path, "--seconds", "0.0001", "--records", "100", "--json"])
        #expect(run.status == 0, "\(run.errors)")
        let figures = try run.json
        for key in Self.keys where key.hasPrefix("durable") {
            let figure = try #require(figures[key] as? [String: Any])
            #expect(figure["value"] as? Double ?? 0 > 0 && figure["p50_us"] as? Double ?? 0 > 0, "\(key): \(figure)")
        }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalLeavesNothing(_ signal: Int32) throws {
        let process = try ToolRun.process(["bench", "--directory", scratch.directory.path])
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        try eventuallyBlocking(every: .milliseconds(5)) {
            try !FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).isEmpty || !process.isRunning
        }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus != 0)
        try expectNothingLeft()
    }

    @Test func whereNothingCanBeWritten() throws {
        let missing = scratch.path("missing")
        #expect(try ToolRun(["bench", "--directory", missing]).status == 74)
        #expect(try ToolRun(["bench", "--records", "0"]).status == 64)
        try expectNothingLeft()
    }
}
