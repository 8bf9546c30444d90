@testable import WAL

/// A status in which each member has a distinct value.
enum StatusExample {
    static let status = LogStatus(
        time: Timestamp(rawValue: 1_764_303_000_000_001), openedAt: Timestamp(rawValue: 1_764_303_000_000_002),
        closedAt: Timestamp(rawValue: 1_764_303_000_000_003), process: 4711,
        id: LogID(low: 1, high: 2).description, format: "1.1", syncPolicy: "interval of 0.005 seconds",
        firstSequence: 5, lastSequence: SequenceNumber(rawValue: .max), durableSequence: 7, epoch: 8,
        refusal: LogStatus.Refusal(code: "diskFull", message: "The disk \"a\\b\"\n is full: Привет."),
        appended: LogStatus.Amount(records: 9, bytes: 10),
        notDurable: LogStatus.NotDurable(bytes: 11, oldest: Timestamp(rawValue: 1_764_302_999_000_000)),
        waits: [LogStatus.Wait(reason: "segment", count: 13, nanoseconds: 14)],
        errors: [LogStatus.ErrorCount(code: "logFull", count: 15)],
        syncs: LogStatus.Syncs(durations: durations, failures: 16),
        segments: LogStatus.Segments(prepared: 17, active: 18, unsealed: 19, sealed: 20, compressed: 21),
        disk: LogStatus.Disk(bytes: 22, budget: 23, reclaimable: 24, free: 25, size: 26),
        cursors: [
            LogStatus.Cursor(name: "sink/db", position: 27, lagRecords: 28, lagBytes: 29, pinnedBytes: 30)
        ],
        recovery: LogStatus.Recovery(
            nanoseconds: 31,
            findings: [.init(classification: "tornTail", isAcknowledged: false, count: 32)]),
        storage: StorageInfo(
            durability: .powerLoss, explanation: "power loss: ext4 on /dev/vda.", fileSystem: "ext4",
            device: "/dev/vda", mountOptions: "rw", hasWriteCache: true),
        sinks: [
            SinkStatus(
                name: "db", state: .unavailable, error: "away", appliedSequence: 33, appliedRecords: 34,
                appliedBatches: 35, writtenRows: 36, coalescedRecords: 37, lostRecords: 38, lostClaims: 46,
                failures: [SinkStatus.Failures(kind: "transient", count: 39)], retries: 40, deadLetters: 41,
                deadLettersInSink: 47,
                lag: LogLag(records: 42, bytes: 43, oldest: Timestamp(rawValue: 44)),
                lastSuccess: Timestamp(rawValue: 45), batches: durations)
        ],
        isTruncated: true)

    private static let durations: DurationHistogram = {
        var durations = DurationHistogram()
        for duration in [Duration.microseconds(90), .microseconds(100), .milliseconds(2), .seconds(20)] {
            durations.record(duration)
        }
        return durations
    }()
}
