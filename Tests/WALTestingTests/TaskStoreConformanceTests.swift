import Testing
import WALTasks
import WALTesting

@Suite(.timeLimit(.minutes(30))) struct MemoryStoreConformanceTests {
    @Test(arguments: SinkConformance.allCases, [true, false])
    func conformance(check: SinkConformance, coalescing: Bool) async throws {
        try await check.run(on: TaskStoreFixture(sharing: MemoryTaskStore(maxConcurrency: 4), coalescing: coalescing))
    }
}
