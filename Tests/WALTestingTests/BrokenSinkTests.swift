import Testing
import WALTesting

/// Each sink here has one bug. The checks that ``Bug/checks`` lists must find it.
@Suite(.timeLimit(.minutes(30))) struct BrokenSinkTests {
    @Test(arguments: Bug.allCases.flatMap { bug in bug.checks.map { (bug, $0) } })
    func isFound(bug: Bug, by check: SinkConformance) async throws {
        let fixture = DictionaryFixture(database: DictionaryDatabase(bug), patience: .seconds(1))
        do {
            let outcome = try await check.run(on: fixture)
            Issue.record("\(check) ended with \(outcome)")
        } catch {
            #expect(error.check == check.rawValue)
            #expect(!error.rule.isEmpty && error.expected != error.found)
        }
    }

    @Test func eachCheckFindsSomething() {
        let found = Set(Bug.allCases.flatMap(\.checks) + RemoteBug.allCases.flatMap(\.checks))
        #expect(Set(SinkConformance.allCases).subtracting(found).isEmpty)
    }

    @Test func aReportTellsEverything() async {
        let report = await SinkConformance.runAll(on: DictionaryFixture(database: DictionaryDatabase(.losesDeletes)))
        #expect(report.failures.map(\.check).contains("deletes"))
        #expect(report.passed.contains(.startsAtZero))
        #expect(report.skipped[.survivesRestarts] != nil)
        #expect(report.passed.count + report.skipped.count + report.failures.count == SinkConformance.allCases.count)
        #expect(report.description.contains("skipped survivesRestarts"))
    }
}
