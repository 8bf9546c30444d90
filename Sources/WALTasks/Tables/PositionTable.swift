package import WAL

/// A table of positions, and the column of their keys.
package struct PositionTable: Sendable {
    package let name: String
    package let key: String

    /// The table of stores. One database holds one store, so the key is the log's id.
    package static let ofStores = PositionTable(name: "wal_sink_checkpoint", key: "log_id")
    /// The table of sinks into tables of the user's own. The key is ``sinkKey(_:of:)``.
    package static let ofSinks = PositionTable(name: "wal_sink_lane", key: "log_sink")

    /// The longest name of a sink, in bytes.
    private static let nameSizeMax = 200

    /// Returns the key of a sink's positions: several sinks of one log may share a database.
    package static func sinkKey(_ sink: String, of log: LogID) -> String { "\(log)/\(sink)" }

    /// Throws unless a sink with this name can have a key.
    package static func check(sink: String, server: StoreError.Server) throws(StoreError) {
        guard (1...nameSizeMax).contains(sink.utf8.count), !sink.utf8.contains(0) else {
            throw StoreError(
                .invalidArgument, "a sink's name has 1 to \(nameSizeMax) bytes and no NUL, not '\(sink)'",
                server: server)
        }
    }
}
