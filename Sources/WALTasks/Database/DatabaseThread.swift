internal import WAL

/// An actor that holds one session with a database and runs all its work on its own thread.
///
/// It is for the stores of this package, whose client libraries block.
package actor DatabaseThread<Session> {
    private let thread: SerialThread
    private let server: StoreError.Server
    private var session: Session?

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Starts the thread; ``open(_:)`` comes next. Calls without a session throw `closed`.
    package init(_ server: StoreError.Server) throws(StoreError) {
        self.server = server
        do throws(WALError) {
            thread = try SerialThread("wal-\(server.rawValue)")
        } catch {
            throw StoreError(
                .outOfMemory, "no thread can be started: raise the limit of threads (\(error))", server: server)
        }
    }

    package func open(_ makeSession: @Sendable () throws(StoreError) -> Session) throws(StoreError) {
        session = try makeSession()
    }

    /// Runs `body` on the session. Calls wait for each other.
    package func run<Result: Sendable>(
        _ body: @Sendable (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard let session else { throw closed }
        return try body(session)
    }

    /// Frees the session.
    package func close() throws(StoreError) {
        guard session != nil else { throw closed }
        session = nil
    }

    private var closed: StoreError {
        StoreError(.closed, "the store was closed: open a new one", server: server)
    }
}
