import Testing
import WALTesting

@Suite(.timeLimit(.minutes(30))) struct RemoteSinkTests {
    @Test(arguments: SinkConformance.allCases)
    func conformance(check: SinkConformance) async throws {
        let server = try RemoteServer()
        defer { server.close() }
        let outcome = try await check.run(on: RemoteFixture(server: server))
        #expect(outcome == .passed || [.appliesLanesConcurrently, .reportsPositions].contains(check))
    }

    /// A sink whose client library sends a batch again later passes, if it doesn't promise that nothing was applied.
    @Test(arguments: [nil, RemoteBug.lostCommitIsTransient])
    func aKeptBatchIsIndeterminate(bug: RemoteBug?) async throws {
        let server = try RemoteServer()
        defer { server.close() }
        let check = SinkConformance.survivesRefusedConnections
        let fixture = RemoteFixture(server: server, bug: bug, keepsBatches: true)
        if bug == nil {
            #expect(try await check.run(on: fixture) == .passed)
        } else {
            await #expect(throws: ConformanceFailure.self) { try await check.run(on: fixture) }
        }
    }

    @Test(arguments: RemoteBug.allCases.flatMap { bug in bug.checks.map { (bug, $0) } })
    func isFound(bug: RemoteBug, by check: SinkConformance) async throws {
        let server = try RemoteServer(bug)
        defer { server.close() }
        // A sink that never reconnects is found only when the patience ends.
        let patience: Duration = bug == .neverReconnects ? .seconds(1) : .seconds(600)
        let fixture = RemoteFixture(server: server, bug: bug, patience: patience)
        do {
            let outcome = try await check.run(on: fixture)
            Issue.record("\(check) ended with \(outcome)")
        } catch {
            #expect(error.check == check.rawValue)
        }
    }
}
