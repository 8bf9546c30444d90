internal import WAL
internal import WALDelivery

/// A sink between a flusher and the tested sink. It counts the batches and interferes with them.
final class WatchedSink<Base: Sink>: Sink {
    /// The fate of a batch.
    enum Interference: Sendable {
        case none
        /// The sink applies the batch, but the flusher gets no reply.
        case losingReply
        /// The sink doesn't apply the batch, and the flusher stops as if its process had died.
        case halting
    }

    struct Notes: Sendable {
        /// The number of batches that the flusher has begun to apply.
        var batchCount = 0
        /// The number of batches that the sink has acknowledged.
        var acknowledgedCount = 0
        /// The records that the sink itself set aside.
        var deadLetters: [DeadLetter] = []
    }

    struct Halted: Error {}
    struct ReplyLost: Error {}

    private let base: Base
    private let interference: @Sendable (_ batch: Int) -> Interference
    private let state = Monitor(Notes())

    init(_ base: Base, interference: @escaping @Sendable (_ batch: Int) -> Interference = { _ in .none }) {
        self.base = base
        self.interference = interference
    }

    var notes: Notes { state.withLock { $0 } }
    var name: String { base.name }
    var maxConcurrency: Int { base.maxConcurrency }

    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try await base.claim(lanes, of: laneCount, log: log)
    }

    func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
        try await base.positions(of: lanes, log: log)
    }

    func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        let number = state.withLock { notes in
            notes.batchCount += 1
            return notes.batchCount
        }
        let interference = interference(number)
        if case .halting = interference { throw Halted() }
        let receipt = try await base.apply(batch)
        state.withLock { notes in
            notes.acknowledgedCount += 1
            notes.deadLetters += receipt.deadLetters
        }
        if case .losingReply = interference { throw ReplyLost() }
        return receipt
    }

    func classify(_ error: any Error) -> SinkFailure {
        switch error {
        case is Halted: .fatal
        case is ReplyLost: .indeterminate
        default: base.classify(error)
        }
    }

    func close() async {
        await base.close()
    }
}
