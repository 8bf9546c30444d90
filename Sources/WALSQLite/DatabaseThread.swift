#if SQLite
    /// Holds one session with a database, and runs everything that is done with it on a thread of its own.
    actor DatabaseThread<Session> {
        private let thread: SerialThread
        private var session: Session?

        nonisolated var unownedExecutor: UnownedSerialExecutor {
            unsafe thread.asUnownedSerialExecutor()
        }

        /// Starts the thread; ``open(_:)`` comes next.
        init() throws(SQLiteError) {
            thread = try SerialThread()
        }

        func open(_ makeSession: @Sendable () throws(SQLiteError) -> Session) throws(SQLiteError) {
            session = try makeSession()
        }

        /// Calls of this method wait for each other.
        func run<Result: Sendable>(
            _ body: @Sendable (Session) throws(SQLiteError) -> Result
        ) throws(SQLiteError) -> Result {
            guard let session else { throw SQLiteError(.closed, "the store was closed: open a new one") }
            return try body(session)
        }

        /// Frees the session; later calls throw `closed`.
        func close() throws(SQLiteError) {
            guard session != nil else { throw SQLiteError(.closed, "the store was closed before") }
            session = nil
        }
    }
#endif
