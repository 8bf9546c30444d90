/// A session that is replaced by a new one once its connection is lost. Not thread-safe.
final class ReconnectingSession<Kept: DatabaseSession> {
    private let settings: Kept.Settings
    private let log: ConnectionLog
    private var session: Kept?

    /// Makes a session that connects with its first use. Call it on the thread that uses the session.
    init(_ settings: Kept.Settings, _ log: ConnectionLog) {
        Kept.enterThread()
        self.settings = settings
        self.log = log
    }

    deinit {
        session = nil
        Kept.leaveThread()
    }

    /// Runs `body` on the session, after connecting if necessary. If connecting fails, the next call tries again.
    func run<Value>(_ body: (Kept) throws(StoreError) -> Value) throws(StoreError) -> Value {
        // A connection lost between two calls is no reason for an error, because no outcome is in doubt here.
        session?.notice()
        if session?.isUsable == false { lose() }
        guard let kept = session else { return try run(on: connect(), body) }
        do throws(StoreError) {
            return try run(on: kept, body)
        } catch {
            guard Kept.canRepeat(after: error) else { throw error }
            return try run(on: connect(), body)
        }
    }

    private func run<Value>(
        on kept: Kept, _ body: (Kept) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        defer { if !kept.isUsable { lose() } }
        do throws(StoreError) {
            return try body(kept)
        } catch {
            if Kept.isEnded(by: error) { lose(after: error) }
            throw error
        }
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

    private func lose(after error: StoreError? = nil) {
        guard session != nil else { return }
        session = nil
        if let error, error.code == .schemaMismatch { log.givenUp(after: error) } else { log.lost() }
    }
}
