public import Logging
public import Metrics

/// The log from tasks: the same as from threads, and what blocks there suspends here.
extension WriteAheadLog {
    // MARK: Opening and closing

    /// Opens the log in a directory, or creates it there, and suspends for the time of the recovery; see
    /// ``init(at:configuration:logger:metrics:)``.
    ///
    /// Runs to its end where the task is cancelled, too.
    public static func open(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) async throws(WALError) -> WriteAheadLog {
        try await Blocking.run { () throws(WALError) in
            try WriteAheadLog(at: directory, configuration: configuration, logger: logger, metrics: metrics)
        }
    }

    /// Makes everything durable, seals the active segment, frees the directory, and suspends for the time of that.
    ///
    /// Runs to its end where the task is cancelled, too. Throws `indeterminate` if not everything could be made durable; the
    /// directory is free all the same.
    public func close() async throws(WALError) {
        try await Blocking.run { [engine] () throws(WALError) in try engine.close() }
    }

    /// Ends the active segment, and suspends while no segment is ready. It is sealed, and the next record starts another.
    ///
    /// Throws as appending does.
    public func roll() async throws(WALError) {
        try await engine.appender.rollSuspending()
    }

    /// Removes what the retention rule lets go, now instead of within a second, and suspends for the time of that.
    public func applyRetention() async {
        await Blocking.run { [engine] in engine.applyRetention() }
    }

    /// Finds what opening the log in a directory would find and do, and suspends for the time of that; see
    /// the form that blocks.
    public static func recoveryPlan(
        at directory: String, scope: RecoveryScope = .unsealed
    ) async throws(WALError) -> RecoveryReport {
        try await Blocking.run { () throws(WALError) in try recoveryPlan(at: directory, scope: scope) }
    }

    // MARK: Appending

    /// Appends a record, and suspends where it has to wait; see ``append(_:)-(RawSpan)``.
    ///
    /// Throws as that does, and `cancelled`: its message tells whether the record was appended.
    @discardableResult
    public func append(_ payload: [UInt8]) async throws(WALError) -> SequenceNumber {
        try await finishAppend(appendSuspending(payload))
    }

    /// Appends a record of `count` bytes that `initialize` writes straight into the segment, and suspends where it has to wait;
    /// see ``append(count:initializingWith:)-(_,(OutputRawSpan)->Void)``.
    @discardableResult
    public func append(
        count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void
    ) async throws(WALError) -> SequenceNumber {
        try await finishAppend(
            engine.appender.appendSuspending(.record, bodySize: count, records: 1) { frame in
                Self.fill(frame, with: initialize)
            })
    }

    /// Appends records that become visible together or not at all, and suspends where it has to wait; see
    /// ``append(_:bookmark:)-(RecordBatch,_)``.
    @discardableResult
    public func append(_ batch: RecordBatch, bookmark: Bookmark? = nil) async throws(WALError) -> SequenceNumber {
        try await finishAppend(engine.appender.appendSuspending(batch, bookmark: bookmark))
    }

    /// Appends a record and suspends until it is durable, whatever the sync policy.
    ///
    /// Throws as ``append(_:)-(RawSpan)`` does, and `cancelled`: its message tells whether the record was appended.
    @discardableResult
    public func appendDurably(_ payload: [UInt8]) async throws(WALError) -> SequenceNumber {
        let sequence = try await appendSuspending(payload)
        try await engine.commit.waitUntilDurable(.sequence(sequence))
        return SequenceNumber(rawValue: sequence)
    }

    private func appendSuspending(_ payload: [UInt8]) async throws(WALError) -> UInt64 {
        try await engine.appender.appendSuspending(.record, bodySize: payload.count, records: 1) { frame in
            unsafe payload.withUnsafeBytes { unsafe frame.copy($0) }
        }
    }

    private func finishAppend(_ sequence: UInt64) async throws(WALError) -> SequenceNumber {
        if engine.appender.isSyncedAlways {
            try await engine.commit.waitUntilDurable(.sequence(sequence))
        }
        return SequenceNumber(rawValue: sequence)
    }
}

/// For those who append with locks of their own held.
extension WriteAheadLog {
    /// Appends a record if that needs no waiting, for a segment or for durability; nil if it does: see ``waitForSegment()``.
    package func appendWithoutWaiting(_ payload: RawSpan) throws(WALError) -> SequenceNumber? {
        let sequence = try engine.appender.appendIfReady(.record, bodySize: payload.byteCount, records: 1) {
            frame in
            unsafe payload.withUnsafeBytes { unsafe frame.copy($0) }
        }
        return sequence.map(SequenceNumber.init(rawValue:))
    }

    /// Appends a batch if that needs no waiting; nil if it does.
    package func appendWithoutWaiting(_ batch: RecordBatch) throws(WALError) -> SequenceNumber? {
        try engine.appender.appendIfReady(batch, bookmark: nil).map(SequenceNumber.init(rawValue:))
    }

    /// Suspends until there is an open segment. Throws as appending does.
    package func waitForSegment() async throws(WALError) {
        try await engine.appender.suspendForNextSegment(after: nil)
    }
}
