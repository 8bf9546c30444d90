import Logging
import WAL
import WALDelivery

/// Applies batches to a sink, one after another and exactly once.
struct Replayer<Destination: Sink> {
    private static var triesMax: Int { 8 }
    private let logger = StandardErrorLog.logger
    private let start = ContinuousClock.now
    private var outage = StateLogPacer()
    private let sink: Destination
    private let log: LogID
    private let progress: ReplayProgress
    private var lane: SinkLane

    /// Claims the lane of the replay.
    ///
    /// For the sink, a replay is a separate log. So it doesn't fence the service that delivers the real log, and
    /// doesn't depend on that service's lanes. `mark` distinguishes the replays of one log: it is the first sequence
    /// number, or the token of owed records.
    init(sink: Destination, log: LogID, mark: UInt64, progress: ReplayProgress) async throws {
        self.sink = sink
        self.progress = progress
        self.log = log.ofReplay(mark: mark)
        lane = try await Self.claim(sink, self.log)
    }

    /// The last sequence number that the sink has applied.
    var position: SequenceNumber { lane.position }

    /// Throws if the sink has applied a later record than the last one of the log in a directory.
    ///
    /// Such a log is an older copy of itself, or has lost its end. It gives the numbers of the missing records to other
    /// records, which the sink would treat as applied.
    func requirePosition(upTo last: SequenceNumber, of directory: String, remedy: String) throws(ToolError) {
        guard position > last else { return }
        throw ToolError(
            .damage,
            """
            \(sink.name) has the records of \(directory) up to \(position) from an earlier run, but it ends at \(last): it is \
            an older copy, or has lost its end. Other records with the missing numbers would count as applied. No record \
            was applied. \(remedy)
            """)
    }

    /// Applies the records after ``position``. Repeats a batch after failures that may pass.
    mutating func apply(_ records: [SinkRecord]) async throws {
        guard let last = records.last else { return }
        var pause = Duration.milliseconds(50)
        for attempt in 1... {
            do {
                let batch = SinkBatch(
                    log: log, laneCount: 1, lanes: [lane], position: last.sequence,
                    records: records.filter { $0.sequence > position })
                let receipt = try await sink.apply(batch)
                lane.position = last.sequence
                progress.add(receipt, records: batch.records.count)
                noteOutage(nil)
                return
            } catch {
                noteOutage(error)
                switch sink.classify(error) {
                case .transient where attempt < Self.triesMax, .overloaded where attempt < Self.triesMax: break
                case .indeterminate where attempt < Self.triesMax:
                    lane = try await Self.claim(sink, log)
                    if lane.position >= last.sequence { return }
                default: throw error
                }
            }
            try await Task.sleep(for: pause)
            pause *= 2
        }
    }

    /// Logs the store's failures, less and less often, and its recovery.
    private mutating func noteOutage(_ error: (any Error)?) {
        var metadata: Logger.Metadata = ["wal.sink": "\(sink.name)"]
        if let error { metadata["wal.error"] = "\(error)" }
        outage.line(isOn: error != nil, at: ContinuousClock.now - start)?.log(
            to: logger, began: "the store has failed; the batch is tried again", lasts: "the store is still failing",
            ended: "the store takes batches again", metadata: metadata)
    }

    private static func claim(_ sink: Destination, _ log: LogID) async throws -> SinkLane {
        guard let lane = try await sink.claim(0..<1, of: 1, log: log).first else {
            throw ToolError(.inputOutput, "The store returned no lane.")
        }
        return lane
    }
}

extension LogID {
    /// The identifier by which a sink knows the replay of this log with a mark.
    func ofReplay(mark: UInt64) -> LogID { LogID(low: low ^ 0x7265_706C_6179_0000 ^ mark, high: high) }
}

/// The counts of a replay.
struct ReplayOutcome: Sendable {
    private(set) var records = 0
    private var rowsWritten = 0
    private var coalesced = 0
    private(set) var deadLetters = 0

    mutating func add(_ receipt: SinkReceipt, records count: Int) {
        records += count
        rowsWritten += receipt.rowCount
        coalesced += receipt.coalescedCount
        deadLetters += receipt.deadLetters.count
    }

    var json: JSON {
        .object([
            ("records", JSON(records)),
            ("rows_written", JSON(rowsWritten)),
            ("coalesced", JSON(coalesced)),
            ("dead_letters", JSON(deadLetters)),
        ])
    }

    var text: String {
        Table.pairs([
            ("records", "\(records)"), ("rows written", "\(rowsWritten)"), ("coalesced", "\(coalesced)"),
            ("dead letters", "\(deadLetters)"),
        ])
    }
}
