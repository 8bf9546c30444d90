#if SQLite
    /// Keeps one session, which its first use opens. Not thread-safe.
    final class Link<Kept> {
        private let open: () throws(SQLiteError) -> Kept
        private var session: Kept?

        init(_ open: @escaping () throws(SQLiteError) -> Kept) {
            self.open = open
        }

        /// Runs `body` on the session. Where opening one fails, the next call tries again.
        func run<Value>(_ body: (Kept) throws(SQLiteError) -> Value) throws(SQLiteError) -> Value {
            if let session { return try body(session) }
            let opened = try open()
            session = opened
            return try body(opened)
        }
    }
#endif
