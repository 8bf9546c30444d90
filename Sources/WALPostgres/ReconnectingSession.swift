#if Postgres
    internal import WALTasks

    /// What can be done on a connection: its prepared statements.
    protocol Session: SendableMetatype {
        var connection: Connection { get }
        init(_ settings: ConnectionSettings) throws(StoreError)
    }

    /// Keeps one session, and makes a new one when the old one's connection is gone. Not thread-safe.
    final class ReconnectingSession<Kept: Session> {
        private let settings: ConnectionSettings
        private let log: ConnectionLog
        private var session: Kept?

        /// Connects with the first use.
        init(_ settings: ConnectionSettings, _ log: ConnectionLog) {
            self.settings = settings
            self.log = log
        }

        private func connect() throws(StoreError) -> Kept {
            do throws(StoreError) {
                let session = try Kept(settings)
                log.connected()
                self.session = session
                return session
            } catch {
                log.failed(error)
                throw error
            }
        }

        /// Runs `body` on the session, after connecting if need be.
        func run<Value>(
            _ cancellation: Cancellation, _ body: (Kept) throws(StoreError) -> Value
        ) throws(StoreError) -> Value {
            // A server that went away between two calls is no reason for an error, and here nothing is in doubt.
            session?.connection.notice()
            if let kept = session, !kept.connection.isUsable { lose() }
            let session = if let session { session } else { try connect() }
            defer { if !session.connection.isUsable { lose() } }
            do throws(StoreError) {
                return try cancellation.whileRunning(on: session.connection.cancelHandle) { () throws(StoreError) in
                    try body(session)
                }
            } catch {
                if error.endsConnection { lose() }
                throw error
            }
        }

        private func lose() {
            if session != nil { log.lost() }
            session = nil
        }
    }
#endif
