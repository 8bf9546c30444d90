import BenchmarkReport
import Foundation
import WAL
import WALDelivery
import WALTasks

/// One measurement of one way into one database, on empty tables. Checks the tables' contents afterwards.
struct Measurement {
    let path: WritePath
    let scale: Scale
    /// A directory for logs.
    let scratch: String

    struct WrongContents: Error, CustomStringConvertible {
        let sample: Sample
        let expected: Workload.Contents
        let found: Workload.Contents
        var description: String {
            "\(sample.store.name), \(sample.path): the tables should have \(expected), and have \(found)"
        }
    }

    func run(_ round: Int, on database: some Database) async throws -> Sample {
        let workload: Workload
        var sample = Sample(
            round: round, store: database.kind, path: path.name, records: 0, seconds: 0, rowsWritten: 0, coalesced: 0,
            batches: 0, clientSeconds: 0)
        try await database.makeTables()
        switch path {
        case .naive:
            workload = .mixed(scale.naiveRecords)
            try measureRows(of: workload, into: database, &sample)
        case .batched(let size, let workers):
            workload = .mixed(scale.batchedRecords)
            try await measureBatches(of: workload, size: size, workers: workers, into: database, &sample)
        case .own(let size):
            workload = .mixed(scale.batchedRecords)
            // The first claim makes the table of positions, as the store's tables are there already.
            let first = try await database.openOwnSink()
            _ = try await first.claim(0..<1, of: 1, log: .random())
            await first.close()
            let sink = try await database.openOwnSink()
            try await measure(workload, into: sink, size: size, workers: 1, of: database, &sample)
            await sink.close()
        case .burst(let size):
            workload = .burst(scale.burstRecords)
            try await measureBatches(of: workload, size: size, workers: 1, into: database, &sample)
        }
        let found = try database.contents()
        guard found == workload.expected else {
            throw WrongContents(sample: sample, expected: workload.expected, found: found)
        }
        return sample
    }

    private func measureRows(of workload: Workload, into database: some Database, _ sample: inout Sample) throws {
        let rows = workload.mutations.compactMap(NaiveRow.init)
        let connection = try database.connect()
        try connection.prepare()
        let meter = Meter(server: database.serverProcess)
        for row in rows { try connection.write(row) }
        meter.stop(&sample)
        sample.records = rows.count
        sample.rowsWritten = rows.count
        sample.batches = rows.count
    }

    private func measureBatches(
        of workload: Workload, size: Int, workers: Int, into database: some Database, _ sample: inout Sample
    ) async throws {
        let store = try await database.openStore(writeConnections: workers)
        try await measure(
            workload, into: TaskSink(store: store), size: size, workers: workers, of: database, &sample)
        try await store.close()
    }

    private func measure(
        _ workload: Workload, into sink: some Sink, size: Int, workers: Int, of database: some Database,
        _ sample: inout Sample
    ) async throws {
        let directory = scratch + "/log-" + UUID().uuidString
        let log = try await WriteAheadLog.open(at: directory)
        for mutation in workload.mutations { try await log.append(TaskCodec.encode(mutation)) }
        try await log.waitUntilDurable(log.lastSequence)
        var delivery = Delivery(log: log, sink: sink, batchSize: size, workers: workers)
        let meter = Meter(server: database.serverProcess)
        try await delivery.start()
        meter.stop(&sample)
        let statistics = try await delivery.end()
        sample.records = workload.mutations.count
        sample.rowsWritten = Int(statistics.rowsWritten)
        sample.coalesced = Int(statistics.coalesced)
        sample.batches = Int(statistics.batchesApplied)
        try await log.close()
        try FileManager.default.removeItem(atPath: directory)
    }
}
