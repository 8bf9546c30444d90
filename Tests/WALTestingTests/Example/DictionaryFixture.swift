import WAL
import WALDelivery
import WALTesting

struct DictionaryFixture: SinkFixture {
    let database: DictionaryDatabase
    var patience: Duration = .seconds(60)

    // Each sink is one more owner of the same destination.
    func makeSink() async throws -> DictionarySink {
        DictionarySink(database: database)
    }

    // Records as the application writes them.
    func payload(for change: SinkChange) throws -> [UInt8]? {
        DictionaryPayload.encode(change)
    }

    // The same function that the flusher is given.
    func key(of payload: RawSpan) -> UInt64? {
        DictionaryPayload.key(of: payload)
    }

    // Read past the sink: what a user of the destination sees.
    func contents() async throws -> SinkContents {
        database.contents
    }

    // Only for sinks that set bad records aside themselves.
    func deadLetters(of log: LogID) async throws -> [SequenceNumber]? {
        database.deadLetters(of: log).map(\.sequence)
    }
}
