package import WALDelivery

/// A connection to a database. Not thread-safe.
package protocol DatabaseConnection: SendableMetatype {
    /// The server of these connections.
    static var server: StoreError.Server { get }
    /// The server and database, without user and password; SQLite's file.
    var place: String { get }
    /// Runs `body` in a transaction. Commits if it returns, and rolls back if it throws.
    func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value
}

extension DatabaseConnection {
    package func error(_ code: StoreError.Code, _ message: String, statement: String? = nil) -> StoreError {
        StoreError(code, message, server: Self.server, statement: statement, place: place)
    }

    /// Returns the error for a log that had another number of lanes before; `before` is nil if that number is
    /// unknown.
    package func laneCountMismatch(of log: String, before: Int64?, now: Int) -> StoreError {
        let number = before.map(String.init) ?? "another number of"
        return error(
            .laneCountMismatch, "the log \(log) had \(number) lanes here before, not \(now): go back to \(number)")
    }

    /// Returns the error for a batch with a lane that differs from its owner's view: `fenced`, or `setBack` if the
    /// database lacks data that it had confirmed and no other owner has claimed a lane.
    ///
    /// - Parameters:
    ///   - expected: The lanes of the batch, in their state before it.
    ///   - found: The lanes of the log in the database.
    package func lanesMoved(of log: String, expected: [SinkLane], found: [SinkLane]) -> StoreError {
        let pairs = expected.compactMap { lane in
            found.first { $0.index == lane.index }.map { (expected: lane, found: $0) }
        }
        let isClaimed = pairs.contains { $0.found.epoch > $0.expected.epoch }
        let lacksClaim = pairs.contains { $0.found.epoch < $0.expected.epoch }
        let lacksRecords = pairs.contains { $0.found.position < $0.expected.position }
        let isSetBack = pairs.count == expected.count && !isClaimed && (lacksClaim || lacksRecords)
        let first = pairs.first { $0.expected != $0.found }
        let state =
            first.map {
                "its lane \($0.found.index) is at epoch \($0.found.epoch) and position \($0.found.position), not at epoch"
                    + " \($0.expected.epoch) and position \($0.expected.position)"
            } ?? "it has no such lane"
        let reason =
            isSetBack
            ? "the database lacks what it had confirmed"
            : "another owner has claimed it, or the batch was applied before"
        return error(isSetBack ? .setBack : .fenced, "the log \(log) has moved: \(state): \(reason)")
    }

    /// Returns the error for a database without tables of tasks.
    ///
    /// - Parameters:
    ///   - hasPositions: Whether the database has the positions of sinks into tables of the user's own.
    ///   - remedy: The remedy if it doesn't.
    package func noTables(hasPositions: Bool, remedy: String) -> StoreError {
        guard hasPositions else { return error(.noTables, "no swift-wal tables in this database: \(remedy)") }
        return StoreError(
            .noTaskTables,
            "the database \(place) is reachable, with the positions of sinks into tables of your own and no tables of tasks",
            server: Self.server)
    }

    /// Throws unless this version of the package knows the schema of a database. Version 0 means no tables.
    package func requireKnown(schema found: Int64, known: Int64) throws(StoreError) {
        guard (0...known).contains(found) else {
            throw error(
                .schemaTooNew,
                "the database has schema \(found), this version knows \(known): use the version that made it")
        }
    }
}
