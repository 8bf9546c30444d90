import Foundation
import Testing

/// The directory with the outputs and the statuses of the other test processes.
private let otherRuns = ProcessInfo.processInfo.environment["WAL_OTHER_RUNS"]

/// The results of the other test processes that `Scripts/test` starts. Without this suite, the last summary of a run could be
/// green although tests of another process failed.
@Suite(.enabled(if: otherRuns != nil, "Scripts/test runs the tests in one process"))
struct WholeRunTests {
    @Test(arguments: ["mariadb", "mysql", "postgres", "tasks", "tool"]) func theOtherProcessPasses(_ name: String)
        async throws
    {
        let directory = try #require(otherRuns) + "/" + name
        let end = ContinuousClock.now + .seconds(Torture.isLong ? 86_400 : 10_800)
        var status: String?
        while status == nil, .now < end {
            status = try? String(contentsOfFile: directory + "/status", encoding: .utf8)
            if status == nil { try await Task.sleep(for: .milliseconds(200)) }
        }
        let output = FileManager.default.contents(atPath: directory + "/output") ?? Data()
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        print("The output of the process \(name), without the beginnings of tests:")
        for line in lines where !line.hasSuffix(" started.") { print(line) }
        #expect(lines.contains { $0.contains("Test run with ") }, "the process \(name) has no summary")
        #expect(status == "0\n", "\(lines.filter { $0.contains("✘") }.joined(separator: "\n"))")
    }
}
