internal import WAL

/// An actor that holds one session with a database and runs all its work on its own thread, because the client
/// libraries of databases block.
actor DatabaseThread<Kept: DatabaseSession> {
    private let thread: SerialThread
    private var session: ReconnectingSession<Kept>?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Starts the thread; ``open(_:_:)`` comes next. Calls without a session throw `closed`.
    init() throws(StoreError) {
        do throws(WALError) {
            thread = try SerialThread("wal-\(Kept.server.rawValue)")
        } catch {
            throw StoreError(
                .outOfMemory, "no thread can be started: raise the limit of threads (\(error))", server: Kept.server)
        }
    }

    /// Makes the session, which connects with its first use.
    func open(_ settings: Kept.Settings, _ log: ConnectionLog) {
        session = ReconnectingSession(settings, log)
    }

    /// Runs `body` on the session. Calls wait for each other.
    func run<Value: Sendable>(
        _ body: @Sendable (Kept) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard let session else { throw closed }
        return try session.run(body)
    }

    /// Frees the session.
    func close() throws(StoreError) {
        guard session != nil else { throw closed }
        session = nil
    }

    private var closed: StoreError {
        StoreError(.closed, "the store was closed: open a new one", server: Kept.server)
    }
}
