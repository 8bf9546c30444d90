#if Postgres
    /// What can be done on a connection: its prepared statements.
    protocol Session: SendableMetatype {
        var connection: Connection { get }
        init(_ settings: ConnectionSettings) throws(PostgresError)
    }

    /// Keeps one session, and makes a new one when the old one's connection is gone. Not thread-safe.
    final class Link<Kept: Session> {
        private let settings: ConnectionSettings
        private var session: Kept?

        /// Connects with the first use.
        init(_ settings: ConnectionSettings) {
            self.settings = settings
        }

        private func connect() throws(PostgresError) -> Kept {
            let session = try Kept(settings)
            self.session = session
            return session
        }

        /// Runs `body` on the session, after connecting if need be.
        func run<Value>(
            _ cancellation: Cancellation, _ body: (Kept) throws(PostgresError) -> Value
        ) throws(PostgresError) -> Value {
            // A server that went away between two calls is no reason for an error, and here nothing is in doubt.
            session?.connection.notice()
            if session?.connection.isUsable != true { session = nil }
            let session = if let session { session } else { try connect() }
            defer { if !session.connection.isUsable { self.session = nil } }
            do throws(PostgresError) {
                return try cancellation.whileRunning(on: session.connection.cancelHandle) { () throws(PostgresError) in
                    try body(session)
                }
            } catch {
                if error.endsConnection { self.session = nil }
                throw error
            }
        }
    }
#endif
