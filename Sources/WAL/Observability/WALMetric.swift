/// The metrics of the package: their names, kinds, units and meanings.
///
/// The raw value is the label in swift-metrics. ``prometheusName`` is the name in Prometheus.
public enum WALMetric: String, CaseIterable, Sendable {
    // The metrics of the log; see `LogMetrics`.
    case appendedRecords = "wal.appended.records"
    case appendedBytes = "wal.appended.bytes"
    case appendWaits = "wal.append.waits"
    case appendWaitDuration = "wal.append.wait"
    case appendErrors = "wal.append.errors"
    case syncDuration = "wal.sync.duration"
    case syncFailures = "wal.sync.failures"
    case lastSequence = "wal.last_sequence"
    case durableSequence = "wal.durable_sequence"
    case notDurableBytes = "wal.not_durable.bytes"
    case notDurableAge = "wal.not_durable_age"
    case acceptingAppends = "wal.accepting_appends"
    case segments = "wal.segments"
    case diskBytes = "wal.disk.bytes"
    case diskBudgetBytes = "wal.disk_budget.bytes"
    case diskReclaimableBytes = "wal.disk_reclaimable.bytes"
    case filesystemFreeBytes = "wal.filesystem_free.bytes"
    case cursorLagRecords = "wal.cursor_lag.records"
    case cursorLagBytes = "wal.cursor_lag.bytes"
    case cursorPinnedBytes = "wal.cursor_pinned.bytes"
    case recoveryDuration = "wal.recovery.duration"
    case recoveryFindings = "wal.recovery.findings"
    case consumersReleased = "wal.consumers.released"
    case startTime = "wal.start_time"

    // The metrics of a program that serves a log's metrics from its status.
    case buildInfo = "wal.build_info"
    case up = "wal.up"
    case statusAge = "wal.status_age"
    case keptDeadLetters = "wal.kept_dead_letters"

    // The metrics of a flusher.
    case sinkAppliedRecords = "wal.sink.applied_records"
    case sinkAppliedBatches = "wal.sink.applied_batches"
    case sinkWrittenRows = "wal.sink.written_rows"
    case sinkCoalescedRecords = "wal.sink.coalesced_records"
    case sinkLostRecords = "wal.sink.lost_records"
    case sinkLostClaims = "wal.sink.lost_claims"
    case sinkFailures = "wal.sink.failures"
    case sinkRetries = "wal.sink.retries"
    case sinkDeadLetters = "wal.sink.dead_letters"
    case sinkBatchDuration = "wal.sink.batch.duration"
    case sinkBatchRecords = "wal.sink.batch.records"
    case sinkLagRecords = "wal.sink.lag.records"
    case sinkLagBytes = "wal.sink.lag.bytes"
    case sinkLagAge = "wal.sink.lag"
    case sinkLastSuccess = "wal.sink.last_success_timestamp"
    case sinkState = "wal.sink.state"

    // The metrics of a follower of a stream.
    case followerRecords = "wal.follower.records"
    case followerMessages = "wal.follower.messages"
    case followerSkippedMessages = "wal.follower.skipped_messages"
    case followerGaps = "wal.follower.gaps"
    case followerRenewals = "wal.follower.renewals"
    case followerLagMessages = "wal.follower.lag.messages"
    case followerConnected = "wal.follower.connected"

    // The metrics of a buffered task storage.
    case bufferedMutations = "wal.tasks.buffered_mutations"
    case overlayBytes = "wal.tasks.overlay.bytes"

    /// The kind of a metric.
    public enum Kind: String, Sendable {
        case counter, gauge, timer, recorder
    }

    /// The unit of a metric.
    public enum Unit: String, Sendable {
        /// A number of items, which the metric's name identifies.
        case count
        case bytes
        case seconds
    }

    /// The kind.
    public var kind: Kind {
        switch self {
        case .appendedRecords, .appendedBytes, .appendWaits, .appendWaitDuration, .appendErrors, .syncFailures,
            .consumersReleased, .sinkAppliedRecords, .sinkAppliedBatches, .sinkWrittenRows, .sinkCoalescedRecords,
            .sinkLostRecords, .sinkLostClaims, .sinkFailures, .sinkRetries, .sinkDeadLetters, .followerRecords,
            .followerMessages, .followerSkippedMessages, .followerGaps, .followerRenewals, .bufferedMutations:
            .counter
        case .syncDuration, .sinkBatchDuration: .timer
        case .sinkBatchRecords: .recorder
        default: .gauge
        }
    }

    /// The unit. Timers are recorded in nanoseconds, and backends export them in seconds.
    public var unit: Unit {
        switch self {
        case _ where rawValue.hasSuffix(".bytes"): .bytes
        case .appendWaitDuration, .notDurableAge, .startTime, .statusAge, .syncDuration, .recoveryDuration,
            .sinkBatchDuration, .sinkLagAge, .sinkLastSuccess:
            .seconds
        default: .count
        }
    }

    /// The dimensions in addition to `log`, which every metric but ``buildInfo`` has.
    public var dimensions: [String] {
        switch self {
        case .segments: ["state"]
        case .recoveryFindings: ["class", "acknowledged"]
        case .appendWaits, .appendWaitDuration, .consumersReleased, .followerSkippedMessages: ["reason"]
        case .appendErrors: ["code"]
        case .cursorLagRecords, .cursorLagBytes, .cursorPinnedBytes: ["cursor"]
        case .keptDeadLetters: ["sink"]
        case .buildInfo: ["version", "format"]
        case .sinkFailures: ["sink", "kind"]
        case .sinkState: ["sink", "state"]
        default: rawValue.hasPrefix("wal.sink.") ? ["sink"] : []
        }
    }

    /// The meaning, in one sentence.
    public var help: String {
        switch self {
        case .appendedRecords: "Records appended since the log was opened."
        case .appendedBytes: "Bytes of frames and headers appended since the log was opened."
        case .appendWaits:
            "Waits of appends, by reason: segment, budget, or a sync, which other callers may wait for as well."
        case .appendWaitDuration: "The time that appends have waited, by reason: segment, budget."
        case .appendErrors: "Appends that failed, by error code."
        case .syncDuration: "The duration of each successful sync of a segment."
        case .syncFailures: "Segments whose sync failed."
        case .lastSequence: "The last record that was appended."
        case .durableSequence: "The last durable record."
        case .notDurableBytes: "Bytes of frames that a power loss would take now."
        case .notDurableAge: "The age of the first record that isn't durable. 0 if all are."
        case .acceptingAppends: "1 while the log takes records, 0 while it refuses them."
        case .segments: "Segments by state: prepared, active, unsealed, sealed, compressed."
        case .diskBytes: "Bytes of all segment files, prepared ones included."
        case .diskBudgetBytes: "The disk budget. Absent without one."
        case .diskReclaimableBytes: "Bytes of sealed segments that every cursor has passed."
        case .filesystemFreeBytes: "Free bytes of the file system that the log is on."
        case .cursorLagRecords: "Records after a cursor's position."
        case .cursorLagBytes: "Approximate bytes of the log after a cursor's position. They stay on the disk."
        case .cursorPinnedBytes: "Bytes of sealed segments that stay because of this cursor alone."
        case .startTime: "The time at which the writer opened the log, since 1970."
        case .buildInfo: "The version and the format of the program that serves these metrics. Always 1."
        case .up: "1 if a writer has the log open and its status is at most 5 seconds old, otherwise 0."
        case .statusAge: "The age of the writer's last status."
        case .keptDeadLetters: "Dead letters that are kept beside the log now."
        case .recoveryDuration: "The duration of the recovery when the log was opened."
        case .recoveryFindings:
            "Findings of the recovery when the log was opened, by class, and whether acknowledged records are affected."
        case .consumersReleased: "Consumers in other processes for which the log stopped keeping records, by reason."
        case .sinkAppliedRecords: "Records that the sink has applied, coalesced ones included."
        case .sinkAppliedBatches: "Transactions of the sink that succeeded."
        case .sinkWrittenRows: "Rows that the sink has written, after coalescing."
        case .sinkCoalescedRecords: "Records that a later record of the same batch made unnecessary."
        case .sinkLostRecords: "Records missing from the log that were acknowledged, or may have been."
        case .sinkLostClaims:
            "Times that a claim, or a check of the idle sink, found an earlier claim or a position lost: the sink is an older copy, or an old primary is back."
        case .sinkFailures: "Calls of the sink that failed, by kind."
        case .sinkRetries: "Failed calls of the sink that are tried again."
        case .sinkDeadLetters: "Records that the sink rejected and that were set aside."
        case .sinkBatchDuration: "The duration of each transaction of the sink."
        case .sinkBatchRecords: "The number of records in each batch."
        case .sinkLagRecords: "Records appended and not applied by the sink."
        case .sinkLagBytes: "Approximate bytes of the log after the last applied record."
        case .sinkLagAge: "The age of the first record that isn't applied."
        case .sinkLastSuccess: "The time of the last successful transaction, since 1970."
        case .sinkState:
            "1 for the sink's state, 0 for the others: running, unavailable, probing, fenced, detached, stopped."
        case .followerRecords: "Records that the follower has appended to the replica."
        case .followerMessages: "Messages of the stream that the follower has read."
        case .followerSkippedMessages:
            "Messages that the follower has skipped, by reason: known, or older_epoch, a late one of an earlier owner."
        case .followerGaps: "Gaps of the stream that the follower has accepted."
        case .followerRenewals: "Consumers of the stream that the follower has replaced because they were stuck."
        case .followerLagMessages:
            "Messages of the stream that the follower hasn't read, as of the last one that it has read."
        case .followerConnected:
            "1 while the follower reads the stream, 0 while the stream is away or the follower has ended."
        case .bufferedMutations: "Mutations that the task storage has put into the log."
        case .overlayBytes: "Memory of the mutations that the store doesn't have yet."
        }
    }

    /// The metric's name in Prometheus. Dots become underscores. The unit follows, unless it is a count or the name
    /// already ends with it. A counter's name ends with `_total`.
    public var prometheusName: String {
        var name = String(rawValue.map { $0 == "." ? "_" : $0 })
        if unit != .count, !name.hasSuffix("_" + unit.rawValue) { name += "_" + unit.rawValue }
        return kind == .counter ? name + "_total" : name
    }
}
