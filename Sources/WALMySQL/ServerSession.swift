#if MySQL
    /// What is prepared on a connection.
    protocol ServerSession: AnyObject {
        var connection: Connection { get }
    }

    /// Keeps a session, and opens a new one after the connection was lost. Belongs to one ``DatabaseThread``.
    final class SessionKeeper<Session: ServerSession> {
        private let open: () throws(MySQLError) -> Session
        private var session: Session?

        init(_ open: @escaping () throws(MySQLError) -> Session) {
            Library.enterThread()
            self.open = open
        }

        deinit {
            session = nil
            Library.leaveThread()
        }

        /// Opens the session now, instead of with the first call.
        func connect() throws(MySQLError) {
            if session == nil { session = try open() }
        }

        /// Runs `body`; once more with a new connection if the old one turns out to be gone and nothing has been done yet.
        func run<Result>(
            isQuery: Bool, _ body: (Session) throws(MySQLError) -> Result
        ) throws(MySQLError) -> Result {
            try runOnce(isOld: session != nil, isQuery: isQuery, body)
        }

        private func runOnce<Result>(
            isOld: Bool, isQuery: Bool, _ body: (Session) throws(MySQLError) -> Result
        ) throws(MySQLError) -> Result {
            try connect()
            guard let session else { throw MySQLError(.other, "a session was opened, but isn't there") }
            do throws(MySQLError) {
                return try body(session)
            } catch {
                if session.connection.isBroken { self.session = nil }
                let isUndone = error.statement == Connection.begin || isQuery
                guard isOld, isUndone, error.code == .connectionLost else { throw error }
                return try runOnce(isOld: false, isQuery: isQuery, body)
            }
        }
    }
#endif
