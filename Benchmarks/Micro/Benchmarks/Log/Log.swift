import Benchmark
import Foundation
import WAL
import WALTasks

/// The costs of single steps: what an append, a read and an encoding take. Run with `swift package benchmark`.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .throughput, .instructions], scalingFactor: .kilo,
        maxDuration: .seconds(3), maxIterations: 200)

    let payload = [UInt8](repeating: 0x78, count: 256)

    Benchmark("append 256 B, written") { benchmark in
        try withLog { log in
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { blackHole(try log.appendBlocking(payload)) }
            benchmark.stopMeasurement()
        }
    }

    Benchmark("append a batch of 1000 × 256 B, LZ4") { benchmark in
        try withLog { log in
            var batch = RecordBatch()
            for _ in benchmark.scaledIterations { batch.append(payload) }
            benchmark.startMeasurement()
            blackHole(try log.appendBlocking(batch))
            benchmark.stopMeasurement()
        }
    }

    Benchmark("read and verify 256 B") { benchmark in
        try withLog { log in
            for _ in benchmark.scaledIterations { try log.appendBlocking(payload) }
            let reader = log.reader(from: 1)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { blackHole(try reader.next { $0.payload.byteCount }) }
            benchmark.stopMeasurement()
        }
    }

    Benchmark("encode a task") { benchmark in
        let task = PersistentTask(
            id: "loan-173688", dagID: "loan", nodeID: "A_SUBMITTED", currentNodeID: "A_SUBMITTED",
            payload: #"{"REG_DATE":"2011-10-01T00:38:44.546+02:00","AMOUNT_REQ":"20000"}"#, status: .running)
        for _ in benchmark.scaledIterations { blackHole(TaskCodec.encode(.save(task))) }
    }
}

private func withLog(_ body: (WriteAheadLog) throws -> Void) throws {
    var configuration = WriteAheadLog.Configuration()
    configuration.syncPolicy = .manual
    configuration.segmentSize = 1 << 20
    let directory = NSTemporaryDirectory() + "/wal-benchmark-" + UUID().uuidString
    let log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
    try body(log)
    try log.closeBlocking()
    try FileManager.default.removeItem(atPath: directory)
}
