internal import WAL
internal import WALDelivery

/// The counts of a ``TaskSink``.
final class FlushMeter: @unchecked Sendable {
    struct Counts {
        var records: UInt64 = 0
        var batches: UInt64 = 0
        var rows: UInt64 = 0
        var coalesced: UInt64 = 0
        var deadLetters: UInt64 = 0
        var errors: UInt64 = 0
        var totalTime: Duration = .zero
        var lastTime: Timestamp?
    }

    // `lock` protects `current`.
    private let lock = TaskLock()
    private var current = Counts()
    var counts: Counts {
        lock.withLock { current }
    }

    func flushed(_ recordCount: Int, _ receipt: SinkReceipt, in time: Duration) {
        lock.withLock {
            current.records += UInt64(recordCount)
            current.batches += 1
            current.rows += UInt64(receipt.rowCount)
            current.coalesced += UInt64(receipt.coalescedCount)
            current.deadLetters += UInt64(receipt.deadLetters.count)
            current.totalTime += time
            current.lastTime = .now
        }
    }

    func failed() {
        lock.withLock { current.errors += 1 }
    }
}
