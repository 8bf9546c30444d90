extension StoreError {
    /// The log's lanes were counted differently before; nil where nobody knows how.
    package static func laneCountMismatch(
        log: String, before: Int64?, now: Int, server: Server, place: String
    ) -> StoreError {
        let number = before.map(String.init) ?? "another number of"
        return StoreError(
            .laneCountMismatch, "the log \(log) had \(number) lanes here before, not \(now): go back to \(number)",
            server: server, place: place)
    }

    /// The database has a later schema than this version knows.
    package static func schemaTooNew(_ found: Int64, known: Int64, server: Server, place: String) -> StoreError {
        StoreError(
            .schemaTooNew,
            "the database has schema \(found), this version knows \(known): use the version that made it",
            server: server, place: place)
    }
}
