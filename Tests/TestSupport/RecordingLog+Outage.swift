internal import Logging
internal import Testing

extension RecordingLog {
    /// Expects one warning while the server of `sink` is away, for any number of failed calls, and one notice when it is back.
    package func expectOutageIsLogged(
        sink: String, ping: () async throws -> Void, crash: () throws -> Void, start: () throws -> Void
    ) async throws {
        func logged(_ text: String) -> [Message] { messages.all.filter { $0.text.hasPrefix(text) } }
        #expect(messages.all.isEmpty)
        try crash()
        for _ in 0..<5 { await #expect(throws: (any Error).self) { try await ping() } }
        let began = logged("no connection to the store can be made; each call tries again")
        #expect(began.count == 1)
        #expect(began.first?.level == .warning && began.first?.metadata["wal.sink"] == sink)
        #expect(began.first?.metadata["wal.error"]?.contains("connectionFailed") ?? false)
        try start()
        try await ping()
        try await ping()
        let ended = logged("a connection to the store is made again")
        #expect(ended.count == 1 && ended.first?.metadata["wal.duration"] != nil)
    }
}
