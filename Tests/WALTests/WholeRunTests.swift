import Foundation
import Testing

/// The directory with the output and the status of the other test process.
private let otherRun = ProcessInfo.processInfo.environment["WAL_OTHER_RUN"]

/// The result of the other test process that `Scripts/test` starts. Without this suite, the last summary of a run could
/// be green although tests of the other process failed.
@Suite(.enabled(if: otherRun != nil, "Scripts/test runs the tests in one process"))
struct WholeRunTests {
    @Test func theOtherProcessPasses() async throws {
        let directory = try #require(otherRun)
        let end = ContinuousClock.now + .seconds(Torture.isLong ? 86_400 : 3600)
        var status: String?
        while status == nil, .now < end {
            status = try? String(contentsOfFile: directory + "/status", encoding: .utf8)
            if status == nil { try await Task.sleep(for: .milliseconds(200)) }
        }
        let output = FileManager.default.contents(atPath: directory + "/output") ?? Data()
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        print("The output of the other process, without the beginnings of tests:")
        for line in lines where !line.hasSuffix(" started.") { print(line) }
        #expect(lines.contains { $0.contains("Test run with ") }, "the other process has no summary")
        #expect(status == "0\n", "\(lines.filter { $0.contains("✘") }.joined(separator: "\n"))")
    }
}
