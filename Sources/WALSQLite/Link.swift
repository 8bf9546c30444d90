#if SQLite
    internal import WALTasks

    /// Keeps one session, which its first use opens. Not thread-safe.
    final class Link<Kept> {
        private let open: () throws(StoreError) -> Kept
        private let log: ConnectionLog
        private var session: Kept?

        init(_ log: ConnectionLog, _ open: @escaping () throws(StoreError) -> Kept) {
            self.log = log
            self.open = open
        }

        /// Runs `body` on the session. Where opening one fails, the next call tries again.
        func run<Value>(_ body: (Kept) throws(StoreError) -> Value) throws(StoreError) -> Value {
            if let session { return try body(session) }
            return try body(connect())
        }

        private func connect() throws(StoreError) -> Kept {
            do throws(StoreError) {
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
