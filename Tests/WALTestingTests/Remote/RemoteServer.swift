import Foundation
import WAL
import WALDelivery

@testable import WALTesting

/// A ``DictionaryDatabase`` that clients reach through a socket. A batch takes two messages: `begin` sends it, `commit` applies
/// it.
final class RemoteServer: Sendable {
    private struct State: Sendable {
        var sockets: [Int32: Socket] = [:]
        var isClosed = false
    }

    let address: SocketAddress
    let database = DictionaryDatabase()
    private let bug: RemoteBug?
    private let directory: TemporaryDirectory
    private let listener: Socket
    private let state = Monitor(State())

    init(_ bug: RemoteBug? = nil) throws {
        self.bug = bug
        directory = try TemporaryDirectory()
        address = .unix(path: directory.path + "/s.sock")
        listener = try Socket.listening(on: address)
        let listener = listener
        try NamedThread.start("remote-server") { [weak self] in
            while let server = self, server.acceptNext() {}
            listener.close()
        }
    }

    deinit {
        close()
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            for socket in state.sockets.values { socket.shutDown() }
        }
    }

    /// A path for another socket.
    func path(of name: String) -> String { directory.path + "/" + name }

    /// Ends all connections. Keeps the acknowledged batches, unless losing them is the bug.
    func restart() {
        if bug == .forgetsAcknowledged { database.state.withLock { $0.contents = SinkContents() } }
        state.withLock { state in
            for socket in state.sockets.values { socket.shutDown() }
        }
    }

    private func acceptNext() -> Bool {
        if state.withLock(\.isClosed) { return false }
        guard let socket = listener.accepted(within: 50) else { return true }
        state.withLock { $0.sockets[socket.descriptor] = socket }
        let (database, bug, state) = (database, bug, state)
        let serve: @Sendable () -> Void = {
            Self.serve(FrameConnection(socket: socket), database, bug)
            state.withLock { state in
                state.sockets[socket.descriptor] = nil
                socket.close()
            }
        }
        do {
            // Each half is applied before the next connection gets an answer, so the check can see it.
            if bug == .appliesHalfRequests { serve() } else { try NamedThread.start("remote-server", serve) }
        } catch {
            socket.shutDown()
        }
        return true
    }

    private static func serve(_ connection: FrameConnection, _ database: DictionaryDatabase, _ bug: RemoteBug?) {
        var open: SinkBatch?
        var claimsBefore = 0
        var rest: [UInt8] = []
        while let message = connection.receive(rest: &rest) {
            let words = message.split(separator: "\n", maxSplits: 1)
            let body = words.count > 1 ? words[1] : ""
            let reply: String
            switch words[0] {
            case "claim":
                reply = claim(body, database)
            case "begin":
                open = RemoteMessage.batch(body)
                if bug == .writesBeforeTheCommit, let open { write(open, database) }
                reply = "ready"
                if bug == .checksBeforeTheCommit, let batch = open {
                    claimsBefore = database.state.withLock(\.claimCount)
                    if !database.wouldTake(batch) { open = nil }
                }
            default:
                if bug == .checksBeforeTheCommit, open != nil { waitForClaim(after: claimsBefore, database) }
                reply = open.map { commit($0, database, isChecked: bug != .checksBeforeTheCommit) } ?? "broken"
                open = nil
            }
            guard connection.send(reply) else { return }
        }
        if bug == .appliesHalfRequests, rest.count > 10 {
            let text = String(decoding: rest.dropFirst(10), as: UTF8.self)
            if let half = RemoteMessage.batch(text) { write(half, database) }
        }
    }

    /// Waits until a claim has come between the check and the commit of a batch, unless none comes within a minute.
    private static func waitForClaim(after count: Int, _ database: DictionaryDatabase) {
        let end = ContinuousClock.now + .seconds(60)
        while database.state.withLock(\.claimCount) <= count, .now < end { usleep(1000) }
    }

    private static func write(_ batch: SinkBatch, _ database: DictionaryDatabase) {
        database.state.withLock { state in
            _ = database.write(batch.records, to: &state.contents)
        }
    }

    private static func claim(_ body: Substring, _ database: DictionaryDatabase) -> String {
        let numbers = body.split(separator: " ").compactMap { UInt64($0) }
        do {
            let lanes = try database.claim(
                Int(numbers[0])..<Int(numbers[1]), of: Int(numbers[2]), log: LogID(low: numbers[3], high: numbers[4]))
            return "lanes\n" + RemoteMessage.encode(lanes)
        } catch {
            return "counted"
        }
    }

    private static func commit(_ batch: SinkBatch, _ database: DictionaryDatabase, isChecked: Bool) -> String {
        do {
            let receipt = try database.state.withLock { state in
                try database.apply(batch, to: &state, isChecked: isChecked)
            }
            let letters = receipt.deadLetters.map { "\($0.sequence)" }.joined(separator: " ")
            return "ok\n\(receipt.rowCount)\n\(letters)"
        } catch {
            return "fenced"
        }
    }
}
