package import WALDelivery

extension StoreError {
    /// Returns the error for a log that had another number of lanes before; `before` is nil if that number is
    /// unknown.
    package static func laneCountMismatch(
        log: String, before: Int64?, now: Int, server: Server, place: String
    ) -> StoreError {
        let number = before.map(String.init) ?? "another number of"
        return StoreError(
            .laneCountMismatch, "the log \(log) had \(number) lanes here before, not \(now): go back to \(number)",
            server: server, place: place)
    }

    /// Returns the error for a batch with a lane that differs from its owner's view: `fenced`, or `setBack` if the
    /// database lacks data that it had confirmed and no other owner has claimed a lane.
    ///
    /// - Parameters:
    ///   - expected: The lanes of the batch, in their state before it.
    ///   - found: The lanes of the log in the database.
    package static func lanesMoved(
        of log: String, expected: [SinkLane], found: [SinkLane], server: Server, place: String
    ) -> StoreError {
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
        return StoreError(
            isSetBack ? .setBack : .fenced, "the log \(log) has moved: \(state): \(reason)", server: server,
            place: place)
    }

    /// Returns the error for a database that has the positions of sinks into tables of the user's own, and no tables of tasks.
    package static func noTaskTables(server: Server, place: String) -> StoreError {
        StoreError(
            .noTaskTables,
            "the database \(place) is reachable, with the positions of sinks into tables of your own and no tables of tasks",
            server: server)
    }

    /// Returns the error for a database with a later schema than this version knows.
    package static func schemaTooNew(_ found: Int64, known: Int64, server: Server, place: String) -> StoreError {
        StoreError(
            .schemaTooNew,
            "the database has schema \(found), this version knows \(known): use the version that made it",
            server: server, place: place)
    }
}
