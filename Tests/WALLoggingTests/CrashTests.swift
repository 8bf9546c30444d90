import Foundation
import Logging
import Testing
import WAL

@testable import WALLogging

/// The last lines before a crash explain it.
@Suite(.serialized) struct CrashTests {
    /// The numbers in a file with one number in each line.
    private func numbers(_ path: String) throws -> [Int] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { Int($0) }
    }

    static let rounds = ProcessInfo.processInfo.environment["WAL_CRASH_ROUNDS"].flatMap { Int($0) } ?? 10

    @Test(arguments: 0..<rounds) func theLastReturnedLineIsThereAfterKill9(_ round: Int) async throws {
        let directory = TemporaryDirectory()
        let reports = directory.path + ".reports"
        defer { try? FileManager.default.removeItem(atPath: reports) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = directory.path as String, reports = reports as String] in
            // Small segments, so that some kills happen at a change of segments.
            let lines = try await LineLog.open(at: path, configuration: .init(diskBudget: 16 << 20))
            let file = open(reports, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            let logger = lines.logger("child")
            Thread.detachNewThread {
                usleep(.random(in: 500...60_000))
                kill(getpid(), SIGKILL)
            }
            var dropped: UInt64 = 0
            for number in 1... {
                logger.info("\(number)", metadata: ["k": "\(String(repeating: "v", count: 500))"])
                // A dropped line doesn't have to exist.
                if lines.droppedLines > dropped {
                    dropped = lines.droppedLines
                    continue
                }
                let report = Array("\(number)\n".utf8)
                guard write(file, report, report.count) == report.count else { exit(1) }
            }
        }
        guard FileManager.default.fileExists(atPath: reports) else { return }
        let returned = try numbers(reports)
        let log = try await WriteAheadLog.open(at: directory.path)
        let found = try contents(log.reader()).lines.compactMap { Int($0.message) }
        // The oldest lines may be removed. The line of the last call may exist although the call didn't return.
        #expect(!log.recovery.isDamaged)
        let missing = Set(returned).subtracting(found).filter { $0 >= found.first ?? 0 }
        #expect(missing.isEmpty)
        if let last = returned.last { #expect(found.contains(last)) }
        try await log.close()
    }

    @Test func theLastLineIsThereAfterAFatalError() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .failure) { [path = directory.path as String] in
            let lines = try await LineLog.open(at: path)
            lines.logger().critical("this ends badly")
            fatalError("on purpose")
        }
        let found = try contents(try ReadOnlyLog(at: directory.path).reader()).lines
        #expect(found.map(\.message) == ["this ends badly"])
    }
}
