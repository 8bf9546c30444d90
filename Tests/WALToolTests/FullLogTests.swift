import Foundation
import TestSupport
import Testing
import WAL

@testable import WALTool

/// A signal while lines are read that the log has no room for.
@Suite(.timeLimit(.minutes(10))) struct FullLogTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// Bad lines after the log's last line were shown and not counted, and the tool crashed.
    @Test func onlyBadLinesThatAreCountedAreShown() async throws {
        let path = scratch.path("log")
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .wait(.milliseconds(10))
        let log = try await WriteAheadLog.open(at: path, configuration: configuration)
        try log.setCursor("slow", to: .zero)
        for size in [1000, 0] {
            do throws(WALError) {
                while true { try await log.append([UInt8](repeating: 7, count: size)) }
            } catch {
                #expect(error.code == .logFull)
            }
        }
        let lines = [#"{"type":"task_delete","task_id":"t"}"#, "bad"]
        let input = try InputFile(argument: scratch.file("input", lines: lines).path)
        let stop = try StopSignal()
        let result = Monitor<LineIngester.Outcome?>(nil)
        // It blocks, so it has a thread of its own.
        try NamedThread.start("test-ingest") {
            let settings = LineIngester.Settings(inputName: "input", canGrow: true, badLines: .skip, source: "s")
            let ingester = LineIngester(
                log: log, reader: LineReader(descriptor: input.descriptor, stop: stop), stop: stop, settings: settings,
                progress: IngestProgress())
            let outcome = ingester.outcome()
            result.withLock { $0 = outcome }
        }
        // The file gets the bad lines before the log gets the records between them.
        try await eventually { FileManager.default.fileExists(atPath: path + ".bad-lines.ndjson") }
        stop.request()
        try await eventually { result.withLock { $0 != nil } }
        let outcome = try #require(result.withLock { $0 })
        #expect(outcome.failure == nil)
        #expect(outcome.counts.badLines == UInt64(outcome.shown.count))
        try await log.close()
    }
}
