/// One of the ways in which records reach a database.
enum WritePath: Hashable, Sendable {
    /// Row by row, with a prepared statement and a transaction each.
    case naive
    /// Through the log, in batches.
    case batched(size: Int, workers: Int)
    /// Through the log, in batches that save each task many times.
    case burst(size: Int)

    /// In the order in which a round measures them.
    static func all(on store: StoreKind) -> [WritePath] {
        let one: [WritePath] = [.naive, .batched(size: 500, workers: 1), .batched(size: 2000, workers: 1)]
        return one + (store == .postgres ? [.batched(size: 500, workers: 4)] : []) + [.burst(size: 2000)]
    }

    var name: String {
        switch self {
        case .naive: "row by row"
        case .batched(let size, 1): "batches of \(size)"
        case .batched(let size, let workers): "\(size), \(workers) workers"
        case .burst(let size): "bursts, \(size)"
        }
    }
}
