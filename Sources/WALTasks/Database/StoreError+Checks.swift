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

    /// Returns the error for a database with a later schema than this version knows.
    package static func schemaTooNew(_ found: Int64, known: Int64, server: Server, place: String) -> StoreError {
        StoreError(
            .schemaTooNew,
            "the database has schema \(found), this version knows \(known): use the version that made it",
            server: server, place: place)
    }
}
