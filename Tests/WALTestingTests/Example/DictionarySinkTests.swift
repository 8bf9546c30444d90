import Testing
import WALTesting

@Suite struct DictionarySinkTests {
    @Test(arguments: SinkConformance.allCases)
    func conformance(check: SinkConformance) async throws {
        try await check.run(on: DictionaryFixture(database: DictionaryDatabase()))
    }
}
