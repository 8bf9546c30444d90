import WAL
import WALDelivery

@testable import WALTesting

/// A sink over a ``RemoteServer``.
final class RemoteSink: Sink {
    enum Failure: Error {
        case fenced, laneCount
        /// Nothing was committed.
        case disconnected
        /// The commit was sent, and no reply came.
        case unknown
    }

    private struct State: Sendable {
        var connection: FrameConnection?
        var wasConnected = false
        /// The batch to send over the next connection.
        var kept: SinkBatch?
    }

    let name = "remote"
    let maxConcurrency = 1
    private let address: SocketAddress
    private let bug: RemoteBug?
    /// Whether it keeps a batch that it can't send, and sends it over the next connection, as some client libraries do.
    private let keepsBatches: Bool
    private let state = Monitor(State())

    init(address: SocketAddress, bug: RemoteBug? = nil, keepsBatches: Bool = false) {
        self.address = address
        self.bug = bug
        self.keepsBatches = keepsBatches
    }

    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        let request = "claim\n\(lanes.lowerBound) \(lanes.upperBound) \(laneCount) \(log.low) \(log.high)"
        let reply = try await Blocking.run {
            if let kept = self.state.withLock({ $0.kept.take() }) { _ = try self.commit(kept) }
            return try self.ask(request)
        }
        guard reply.hasPrefix("lanes\n") else { throw Failure.laneCount }
        return RemoteMessage.lanes(reply.dropFirst(6))
    }

    func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        let reply = try await Blocking.run {
            do {
                return try self.commit(batch)
            } catch Failure.disconnected where self.keepsBatches {
                self.state.withLock { $0.kept = batch }
                throw self.bug == .lostCommitIsTransient ? Failure.disconnected : Failure.unknown
            } catch Failure.unknown where self.bug == .resendsCommits {
                return try self.commit(batch)
            } catch Failure.unknown where self.bug == .doublesLostCommits {
                // Claims the lanes again, and takes any positions.
                let range = batch.lanes[0].index..<batch.lanes[0].index + batch.lanes.count
                let text = try self.ask(
                    "claim\n\(range.lowerBound) \(range.upperBound) \(batch.laneCount) \(batch.log.low) \(batch.log.high)"
                )
                var again = batch
                again.lanes = RemoteMessage.lanes(text.dropFirst(6))
                return try self.commit(again)
            }
        }
        let lines = reply.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3 else { throw Failure.fenced }
        let letters = lines[2].split(separator: " ").compactMap { UInt64($0) }.map {
            DeadLetter(sequence: SequenceNumber(rawValue: $0), code: "bad", reason: "not a change")
        }
        return SinkReceipt(rowCount: Int(lines[1]) ?? 0, deadLetters: letters)
    }

    func classify(_ error: any Error) -> SinkFailure {
        switch error {
        case Failure.fenced: .fenced
        case Failure.disconnected where bug != .lostConnectionIsFatal: .transient
        case Failure.unknown where bug != .lostConnectionIsFatal:
            bug == .lostCommitIsTransient ? .transient : .indeterminate
        default: .fatal
        }
    }

    func close() async {
        disconnect()
    }

    private func commit(_ batch: SinkBatch) throws -> String {
        _ = try ask("begin\n" + RemoteMessage.encode(batch))
        do {
            return try ask("commit", connecting: false)
        } catch Failure.disconnected {
            throw Failure.unknown
        }
    }

    /// Blocks until the reply comes.
    private func ask(_ request: String, connecting: Bool = true) throws -> String {
        let known = state.withLock(\.connection)
        if known == nil, !connecting || bug == .neverReconnects && state.withLock(\.wasConnected) {
            throw Failure.disconnected
        }
        let connection: FrameConnection
        if let known {
            connection = known
        } else {
            guard let socket = try? Socket.connected(to: address) else { throw Failure.disconnected }
            connection = FrameConnection(socket: socket)
            state.withLock { state in
                state.connection = connection
                state.wasConnected = true
            }
        }
        guard connection.send(request), let reply = connection.receive() else {
            disconnect()
            throw Failure.disconnected
        }
        return reply
    }

    private func disconnect() {
        state.withLock { state in
            state.connection?.socket.close()
            state.connection = nil
        }
    }
}
