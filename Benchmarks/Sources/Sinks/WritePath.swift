/// One of the ways in which records reach a database.
enum WritePath: Hashable, Sendable {
    /// Row by row, with a prepared statement and a transaction each.
    case naive
    /// Through the log, in batches.
    case batched(size: Int, workers: Int)
    /// Through the log, in batches that a function writes by statements of its own, into the same tables.
    case own(size: Int)
    /// Through the log, in batches that save each task many times.
    case burst(size: Int)

    /// In the order in which a round measures them.
    static func all(on store: StoreKind) -> [WritePath] {
        let one: [WritePath] = [
            .naive, .batched(size: 500, workers: 1), .own(size: 500), .batched(size: 2000, workers: 1),
            .own(size: 2000),
        ]
        return one + (store == .postgres ? [.batched(size: 500, workers: 4)] : []) + [.burst(size: 2000)]
    }

    /// The way of the task sink whose rate a rate is compared with, besides row by row.
    var taskSink: WritePath? {
        if case .own(let size) = self { .batched(size: size, workers: 1) } else { nil }
    }

    var name: String {
        switch self {
        case .naive: "row by row"
        case .batched(let size, 1): "batches of \(size)"
        case .batched(let size, let workers): "\(size), \(workers) workers"
        case .own(let size): "own statements, \(size)"
        case .burst(let size): "bursts, \(size)"
        }
    }
}
