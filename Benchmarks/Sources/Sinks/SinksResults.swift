import BenchmarkReport
import Foundation

/// All results of a run.
struct SinksResults {
    let machine: Machine
    let compiler: String
    let revision: String
    let scale: Scale
    let stores: [DatabaseDescription]
    let date = Date()
    var samples: [Sample] = []
    var latencies = CallerLatencies()

    /// The results of one way into a database, over all rounds.
    struct Row {
        var store: StoreKind
        var path: WritePath
        var rate: Spread
        /// The ratio to row by row in the same round.
        var ratio: Spread
        /// The ratio to the task sink in the same round, of own statements.
        var taskSinkRatio: Spread?
        /// In microseconds a record.
        var databaseTime: Spread
        /// Rows written for each record.
        var rowShare: Double
    }

    /// In the order of measuring.
    var rows: [Row] {
        stores.flatMap { store in WritePath.all(on: store.store).compactMap { row(store.store, $0) } }
    }

    func row(_ store: StoreKind, _ path: WritePath) -> Row? {
        let found = samples(store, path)
        guard
            let rate = Spread(found.map(\.rate)), let time = Spread(found.map(\.databaseTime)),
            let ratio = ratio(of: found, to: samples(store, .naive)),
            let share = Spread(found.map { Double($0.rowsWritten) / Double($0.records) })
        else { return nil }
        return Row(
            store: store, path: path, rate: rate, ratio: ratio,
            taskSinkRatio: path.taskSink.flatMap { self.ratio(of: found, to: samples(store, $0)) }, databaseTime: time,
            rowShare: share.median)
    }

    /// The ratios of the rates, each of one round.
    private func ratio(of samples: [Sample], to others: [Sample]) -> Spread? {
        let rates = Dictionary(others.map { ($0.round, $0.rate) }, uniquingKeysWith: { first, _ in first })
        return Spread(samples.compactMap { sample in rates[sample.round].map { sample.rate / $0 } })
    }

    private func samples(_ store: StoreKind, _ path: WritePath) -> [Sample] {
        samples.filter { $0.store == store && $0.path == path.name }
    }

    /// The machine, the database and the settings, as text.
    var preface: String {
        let lines = stores.map { store in
            let versions = store.versions.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            let settings = store.settings.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            return "\(versions): \(settings)"
        }
        return ([machine.summary] + lines).joined(separator: "\n") + "\n"
    }
}
