package import WAL

/// Holds one session with a database, and runs everything that is done with it on a thread of its own.
///
/// For the stores of this package, whose client libraries block.
package actor DatabaseThread<Session, Failure: Error> {
    private let thread: SerialThread
    private let closed: Failure
    private var session: Session?

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Starts the thread; ``open(_:)`` comes next. Calls without a session throw `closed`. `name` has at most 15 bytes.
    package init(_ name: String, closed: Failure) throws(WALError) {
        self.closed = closed
        thread = try SerialThread(name)
    }

    package func open(_ makeSession: @Sendable () throws(Failure) -> Session) throws(Failure) {
        session = try makeSession()
    }

    /// Calls of this method wait for each other.
    package func run<Result: Sendable>(
        _ body: @Sendable (Session) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let session else { throw closed }
        return try body(session)
    }

    /// Frees the session.
    package func close() throws(Failure) {
        guard session != nil else { throw closed }
        session = nil
    }
}
