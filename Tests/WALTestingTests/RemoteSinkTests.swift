import Testing
import WALTesting

@Suite(.timeLimit(.minutes(10))) struct RemoteSinkTests {
    @Test(arguments: SinkConformance.allCases)
    func conformance(check: SinkConformance) async throws {
        let server = try RemoteServer()
        defer { server.close() }
        let outcome = try await check.run(on: RemoteFixture(server: server))
        #expect(outcome == .passed || check == .appliesLanesConcurrently)
    }

    @Test(arguments: RemoteBug.allCases.flatMap { bug in bug.checks.map { (bug, $0) } })
    func isFound(bug: RemoteBug, by check: SinkConformance) async throws {
        let server = try RemoteServer(bug)
        defer { server.close() }
        // A sink that never reconnects is found only when the patience ends.
        let patience: Duration = bug == .neverReconnects ? .seconds(1) : .seconds(120)
        let fixture = RemoteFixture(server: server, bug: bug, patience: patience)
        do {
            let outcome = try await check.run(on: fixture)
            Issue.record("\(check) ended with \(outcome)")
        } catch {
            #expect(error.check == check.rawValue)
        }
    }
}
