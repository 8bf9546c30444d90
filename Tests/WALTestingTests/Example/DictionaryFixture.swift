import WAL
import WALDelivery
import WALTesting

struct DictionaryFixture: SinkFixture {
    let database: DictionaryDatabase
    var patience: Duration = .seconds(600)

    // Each sink is one more owner of the same destination.
    func makeSink() async throws -> DictionarySink {
        DictionarySink(database: database)
    }

    // Records as the application writes them.
    func payload(for change: SinkChange) throws -> [UInt8]? {
        DictionaryPayload.encode(change)
    }

    // The key function that the flusher uses.
    func key(of payload: RawSpan) -> UInt64? {
        DictionaryPayload.key(of: payload)
    }

    // Reads the destination directly, as its users do.
    func contents() async throws -> SinkContents {
        database.contents
    }

    // Only for sinks that set bad records aside themselves.
    func deadLetters(of log: LogID) async throws -> [SequenceNumber]? {
        database.deadLetters(of: log).map(\.sequence)
    }
}
