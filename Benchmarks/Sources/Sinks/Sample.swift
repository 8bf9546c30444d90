import BenchmarkReport

/// One measurement.
struct Sample: Codable, Sendable {
    var round: Int
    var store: StoreKind
    var path: String
    /// Records of the log, so those that coalescing made superfluous count.
    var records: Int
    var seconds: Double
    var rowsWritten: Int
    var coalesced: Int
    /// Transactions.
    var batches: Int
    /// User and system time of the server's processes; nil where there is no server.
    var serverSeconds: Double?
    /// User and system time of the process that measures.
    var clientSeconds: Double

    var rate: Double { Double(records) / seconds }

    /// Of the database: where it is part of the process, that is the process's. In microseconds.
    var databaseTime: Double { (serverSeconds ?? clientSeconds) / Double(records) * 1_000_000 }

    var summary: String {
        "\(store.name)  \(path)  \(Figure.short(rate)) records/s"
    }
}
