package import Logging
package import WAL
package import WALDelivery

/// The function of a sink into tables of the user's own.
package typealias TableSinkBody = @Sendable (SinkTransaction, SinkBatch) throws -> Void

/// The connections of a sink into tables of the user's own, and its function.
package final class TableSinkCore<Session: TableSession>: Sendable {
    package let name: String
    private let pool: ConnectionPool<Session>
    private let owner = laneOwner()
    private let body: TableSinkBody

    package init(
        _ settings: Session.Settings, name: String, connections: Int, logger: Logger?, body: @escaping TableSinkBody
    ) async throws(StoreError) {
        try PositionTable.check(sink: name, server: Session.server)
        guard connections >= 1 else {
            throw StoreError(.invalidArgument, "a sink needs one connection at least", server: Session.server)
        }
        self.name = name
        self.body = body
        pool = try await ConnectionPool(settings, count: connections, log: ConnectionLog(logger, store: name))
    }

    package func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws(StoreError) -> [SinkLane] {
        let key = PositionTable.sinkKey(name, of: log)
        return try await pool.run { [owner] (session) throws(StoreError) in
            try session.lanes.claim(lanes, of: laneCount, log: log, key: key, owner: owner)
        }
    }

    package func positions(of lanes: Range<Int>, log: LogID) async throws(StoreError) -> [SinkLane] {
        let key = PositionTable.sinkKey(name, of: log)
        return try await pool.run { (session) throws(StoreError) in try session.lanes.read(lanes, key: key) }
    }

    package func apply(_ batch: SinkBatch) async throws(StoreError) -> SinkReceipt {
        let key = PositionTable.sinkKey(name, of: batch.log)
        return try await pool.run { [body] (session) throws(StoreError) in
            try StoreError.ofBatch { () throws(StoreError) in
                try session.moving(batch, key: key) { () throws(StoreError) in
                    // Past a record that was set aside, only the position moves.
                    if batch.records.isEmpty { return }
                    try SinkTransaction(session).call(body, with: batch)
                }
            }
            return SinkReceipt(rowCount: batch.records.count)
        }
    }

    package func classify(_ error: any Error) -> SinkFailure {
        (error as? StoreError)?.failure ?? .fatal
    }

    package func close() async {
        try? await pool.close()
    }
}
