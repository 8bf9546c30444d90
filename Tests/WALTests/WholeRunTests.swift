import Foundation
import Testing

/// The directory with the outputs and the statuses of what `Scripts/test` runs beside this process.
private let otherRuns = ProcessInfo.processInfo.environment["WAL_OTHER_RUNS"]

/// The results of the tests and checks that `Scripts/test` runs beside this process. Without this suite, the last summary of a run
/// could be green although another one failed.
@Suite(.enabled(if: otherRuns != nil, "Scripts/test runs the tests in one process"))
struct WholeRunTests {
    @Test(arguments: try otherRuns.map { try FileManager.default.contentsOfDirectory(atPath: $0).sorted() } ?? [])
    func theOtherRunPasses(_ name: String) async throws {
        let directory = try #require(otherRuns) + "/" + name
        let end = ContinuousClock.now + .seconds(Torture.isLong ? 86_400 : 3600)
        var status: String?
        while status == nil, .now < end {
            status = try? String(contentsOfFile: directory + "/status", encoding: .utf8)
            if status == nil { try await Task.sleep(for: .milliseconds(200)) }
        }
        let output = FileManager.default.contents(atPath: directory + "/output") ?? Data()
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        print("The output of \(name), without the beginnings of tests:")
        for line in lines where !line.hasSuffix(" started.") { print(line) }
        let failures = lines.filter { $0.contains("✘") }
        #expect(status == "0\n", "\((failures.isEmpty ? lines.suffix(5) : failures).joined(separator: "\n"))")
        if name != "checks" {
            #expect(lines.contains { $0.contains("Test run with ") }, "\(name) has no summary")
        }
    }
}
