package import WAL
package import WALDelivery

/// The lanes of logs in a ``PositionTable``. A `key` is the value of the table's key.
package protocol LaneQueries: SendableMetatype {
    /// Raises the epochs of the lanes in one transaction, all or none.
    func claim(
        _ indices: Range<Int>, of laneCount: Int, log: LogID, key: String, owner: String
    ) throws(StoreError) -> [SinkLane]
    /// Returns those of the lanes that were ever claimed, in any order.
    func read(_ indices: Range<Int>, key: String) throws(StoreError) -> [SinkLane]
}

/// A session that moves lanes, in the transactions of the rows.
package protocol LaneSession: DatabaseSession {
    associatedtype Database: DatabaseConnection
    associatedtype Lanes: LaneQueries

    var connection: Database { get }
    var lanes: Lanes { get }
}
