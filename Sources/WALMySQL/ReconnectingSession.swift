#if MySQL
    internal import WALTasks

    /// What can be done on a connection: its prepared statements.
    protocol Session: SendableMetatype {
        /// Whether a call changes nothing, so that it can be done again when nobody knows how far it came.
        static var isReadOnly: Bool { get }
        var connection: Connection { get }
        init(_ settings: ConnectionSettings) throws(StoreError)
    }

    /// Keeps one session, and makes a new one when the old one's connection is gone. Not thread-safe.
    final class ReconnectingSession<Kept: Session> {
        private let settings: ConnectionSettings
        private let log: ConnectionLog
        private var session: Kept?

        /// Connects with the first use. Made on the thread that it belongs to.
        init(_ settings: ConnectionSettings, _ log: ConnectionLog) {
            Library.enterThread()
            self.settings = settings
            self.log = log
        }

        deinit {
            session = nil
            Library.leaveThread()
        }

        /// Runs `body` on the session, after connecting if need be.
        func run<Value>(
            _ cancellation: Cancellation, _ body: (Kept) throws(StoreError) -> Value
        ) throws(StoreError) -> Value {
            guard let kept = session else { return try runConnecting(cancellation, body) }
            do throws(StoreError) {
                return try run(kept, cancellation, body)
            } catch {
                // A server that went away between two calls is no reason for an error: nothing was begun yet.
                let isUndone = Kept.isReadOnly || error.statement == Connection.begin
                guard isUndone, error.code == .connectionFailed else { throw error }
                return try runConnecting(cancellation, body)
            }
        }

        private func runConnecting<Value>(
            _ cancellation: Cancellation, _ body: (Kept) throws(StoreError) -> Value
        ) throws(StoreError) -> Value {
            return try run(connect(), cancellation, body)
        }

        private func connect() throws(StoreError) -> Kept {
            do throws(StoreError) {
                let new = try Kept(settings)
                log.connected()
                session = new
                return new
            } catch {
                log.failed(error)
                throw error
            }
        }

        private func run<Value>(
            _ kept: Kept, _ cancellation: Cancellation, _ body: (Kept) throws(StoreError) -> Value
        ) throws(StoreError) -> Value {
            defer {
                if kept.connection.isBroken {
                    session = nil
                    log.lost()
                }
            }
            return try cancellation.whileRunning(on: kept.connection.identity) { () throws(StoreError) in
                try body(kept)
            }
        }
    }
#endif
