#if SQLite
    internal import WALTasks

    /// Keeps one session, which its first use opens. Not thread-safe.
    final class Link<Kept> {
        private let open: () throws(SQLiteError) -> Kept
        private let log: ConnectionLog
        private var session: Kept?

        init(_ log: ConnectionLog, _ open: @escaping () throws(SQLiteError) -> Kept) {
            self.log = log
            self.open = open
        }

        /// Runs `body` on the session. Where opening one fails, the next call tries again.
        func run<Value>(_ body: (Kept) throws(SQLiteError) -> Value) throws(SQLiteError) -> Value {
            if let session { return try body(session) }
            return try body(connect())
        }

        private func connect() throws(SQLiteError) -> Kept {
            do throws(SQLiteError) {
                let opened = try open()
                log.connected()
                session = opened
                return opened
            } catch {
                log.failed(error)
                throw error
            }
        }
    }
#endif
