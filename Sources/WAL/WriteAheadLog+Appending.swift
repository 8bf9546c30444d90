/// The forms that suspend.
extension WriteAheadLog {
    /// Appends a record.
    ///
    /// When the function returns, the record survives the death of this process. Under ``SyncPolicy/always`` it is durable. Suspends for
    /// the sync under that policy, and while no segment is ready.
    ///
    /// > Important: The payload is read twice. Copy memory that may change during the call, such as a shared mapping. Otherwise the stored
    /// > checksum doesn't match, and readers report the record as corrupted.
    ///
    /// - Returns: The record's sequence number.
    /// - Throws:
    ///   - ``WALError/Code/recordTooLarge`` if the record doesn't fit into a segment.
    ///   - ``WALError/Code/logFull`` and ``WALError/Code/diskFull`` while there is no space.
    ///   - ``WALError/Code/poisoned`` and ``WALError/Code/indeterminate`` after a failed sync.
    ///   - ``WALError/Code/directoryGone`` if the log's directory is no longer in its place.
    ///   - ``WALError/Code/closed`` if the log was closed.
    ///   - ``WALError/Code/cancelled`` if the task was canceled. The message states whether the record was appended.
    @discardableResult
    public func append(_ payload: RawSpan) async throws(WALError) -> SequenceNumber {
        try await append(.record, bodySize: payload.byteCount) { frame in
            unsafe payload.withUnsafeBytes { unsafe frame.copy($0) }
        }
    }

    /// Appends a record; see ``append(_:)-(RawSpan)``.
    @discardableResult
    public func append(_ payload: Span<UInt8>) async throws(WALError) -> SequenceNumber {
        try await append(.record, bodySize: payload.count) { frame in
            unsafe payload.bytes.withUnsafeBytes { unsafe frame.copy($0) }
        }
    }

    /// Appends a record; see ``append(_:)-(RawSpan)``.
    @discardableResult
    public func append(_ payload: [UInt8]) async throws(WALError) -> SequenceNumber {
        try await append(.record, bodySize: payload.count) { frame in
            unsafe payload.withUnsafeBytes { unsafe frame.copy($0) }
        }
    }

    /// Appends a record; see ``append(_:)-(RawSpan)``. Copies a collection whose storage isn't contiguous.
    @discardableResult
    public func append(_ payload: some Collection<UInt8>) async throws(WALError) -> SequenceNumber {
        try await append(Array(payload))
    }

    /// Appends the UTF-8 of a text as a record; see ``append(_:)-(RawSpan)``.
    @discardableResult
    public func append(_ text: String) async throws(WALError) -> SequenceNumber {
        unsafe try await append(text.utf8Span.span.bytes)
    }

    /// Appends a record of `count` bytes that `initialize` writes directly into the segment; see ``append(_:)-(RawSpan)``.
    ///
    /// `initialize` must write all bytes, and can't fail: the record has its place in the log before the call. It should be quick: no later
    /// record becomes visible before it returns.
    ///
    /// - Throws: The errors of ``append(_:)-(RawSpan)``, and ``WALError/Code/invalidArgument`` for a negative count.
    @discardableResult
    public func append(
        count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void
    ) async throws(WALError) -> SequenceNumber {
        try await append(.record, bodySize: count) { frame in frame.fill(with: initialize) }
    }

    /// Appends a record of `count` bytes that `initialize` writes, unless it throws; see ``append(_:)-(RawSpan)``.
    ///
    /// The bytes are written to temporary memory and copied, because a record that has its place in the log can't be taken back.
    ///
    /// - Throws: The errors of ``append(_:)-(RawSpan)``, ``WALError/Code/invalidArgument`` for a negative count, and
    ///   the error of `initialize`. Nothing is appended then.
    @discardableResult
    public func append<Failure: Error>(
        count: Int, initializingWith initialize: (inout OutputRawSpan) throws(Failure) -> Void
    ) async throws -> SequenceNumber {
        try appender.requireFit(bodySize: count, records: 1)
        var payload: [UInt8] = []
        try payload.append(count: count, initializingWith: initialize)
        return try await append(payload)
    }

    /// Appends records that become visible together or not at all, and a bookmark with them.
    ///
    /// - Parameters:
    ///   - batch: At least one record.
    ///   - bookmark: The producer's position. A bookmark's name belongs to one producer.
    /// - Returns: The sequence number of the last record. The others have the numbers right before it.
    /// - Throws: The errors of ``append(_:)-(RawSpan)``, and ``WALError/Code/invalidArgument`` for an empty batch or a
    ///   bookmark that is too large.
    @discardableResult
    public func append(_ batch: RecordBatch, bookmark: Bookmark? = nil) async throws(WALError) -> SequenceNumber {
        try await finish(appender.appendSuspending(batch, bookmark: bookmark))
    }

    /// Appends a record, and suspends until it is durable, under any sync policy.
    ///
    /// - Returns: The record's sequence number.
    /// - Throws: The errors of ``append(_:)-(RawSpan)``.
    @discardableResult
    public func appendDurably(_ payload: [UInt8]) async throws(WALError) -> SequenceNumber {
        let sequence = try await append(payload).rawValue
        try await engine.commit.waitUntilDurable(.sequence(sequence))
        return SequenceNumber(rawValue: sequence)
    }

    /// Appends a frame of one record. Awaits nothing unless no segment is ready or the policy requires a sync.
    @inline(__always)
    private func append(
        _ kind: Frame.Kind, bodySize: Int, fill: (ClaimedFrame) -> UInt32
    ) async throws(WALError) -> SequenceNumber {
        let sequence: UInt64
        if let claimed = try appender.appendIfReady(kind, bodySize: bodySize, records: 1, fill: fill) {
            sequence = claimed
        } else {
            sequence = try await appender.appendSuspending(kind, bodySize: bodySize, records: 1, fill: fill)
        }
        return try await finish(sequence)
    }

    @inline(__always)
    private func finish(_ sequence: UInt64) async throws(WALError) -> SequenceNumber {
        if isSyncedAlways { try await engine.commit.waitUntilDurable(.sequence(sequence)) }
        return SequenceNumber(rawValue: sequence)
    }
}

/// The forms that block.
extension WriteAheadLog {
    /// Appends a record as ``append(_:)-(RawSpan)`` does. Blocks for the sync under ``SyncPolicy/always``, and while no segment is ready.
    @available(*, noasync, message: "Blocks the thread. Await append(_:) instead.")
    @discardableResult
    public func appendBlocking(_ payload: RawSpan) throws(WALError) -> SequenceNumber {
        let sequence = try appender.append(.record, bodySize: payload.byteCount, records: 1) { frame in
            unsafe payload.withUnsafeBytes { bytes in unsafe frame.copy(bytes) }
        }
        return try finishBlocking(sequence)
    }

    /// Appends a record; see ``appendBlocking(_:)-(RawSpan)``.
    @available(*, noasync, message: "Blocks the thread. Await append(_:) instead.")
    @discardableResult
    public func appendBlocking(_ payload: Span<UInt8>) throws(WALError) -> SequenceNumber {
        unsafe try appendBlocking(payload.bytes)
    }

    /// Appends a record; see ``appendBlocking(_:)-(RawSpan)``.
    @available(*, noasync, message: "Blocks the thread. Await append(_:) instead.")
    @discardableResult
    public func appendBlocking(_ payload: [UInt8]) throws(WALError) -> SequenceNumber {
        unsafe try appendBlocking(payload.span.bytes)
    }

    /// Appends a record; see ``appendBlocking(_:)-(RawSpan)``. Copies a collection whose storage isn't contiguous.
    @available(*, noasync, message: "Blocks the thread. Await append(_:) instead.")
    @discardableResult
    public func appendBlocking(_ payload: some Collection<UInt8>) throws(WALError) -> SequenceNumber {
        try appendBlocking(Array(payload))
    }

    /// Appends the UTF-8 of a text as a record; see ``appendBlocking(_:)-(RawSpan)``.
    @available(*, noasync, message: "Blocks the thread. Await append(_:) instead.")
    @discardableResult
    public func appendBlocking(_ text: String) throws(WALError) -> SequenceNumber {
        unsafe try appendBlocking(text.utf8Span.span.bytes)
    }

    /// Appends a record that `initialize` writes directly into the segment; see
    /// ``append(count:initializingWith:)-(_,(OutputRawSpan)->Void)``.
    @available(*, noasync, message: "Blocks the thread. Await append(count:initializingWith:) instead.")
    @discardableResult
    public func appendBlocking(
        count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void
    ) throws(WALError) -> SequenceNumber {
        let sequence = try appender.append(.record, bodySize: count, records: 1) { frame in
            frame.fill(with: initialize)
        }
        return try finishBlocking(sequence)
    }

    /// Appends a record that `initialize` writes, unless it throws; see
    /// ``append(count:initializingWith:)-50khw``.
    @available(*, noasync, message: "Blocks the thread. Await append(count:initializingWith:) instead.")
    @discardableResult
    public func appendBlocking<Failure: Error>(
        count: Int, initializingWith initialize: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws -> SequenceNumber {
        try appender.requireFit(bodySize: count, records: 1)
        var payload: [UInt8] = []
        try payload.append(count: count, initializingWith: initialize)
        return try appendBlocking(payload)
    }

    /// Appends a batch as ``append(_:bookmark:)`` does. Blocks as ``appendBlocking(_:)-(RawSpan)``.
    @available(*, noasync, message: "Blocks the thread. Await append(_:bookmark:) instead.")
    @discardableResult
    public func appendBlocking(_ batch: RecordBatch, bookmark: Bookmark? = nil) throws(WALError) -> SequenceNumber {
        try finishBlocking(appender.append(batch, bookmark: bookmark))
    }

    @inline(__always)
    private func finishBlocking(_ sequence: UInt64) throws(WALError) -> SequenceNumber {
        if isSyncedAlways { try engine.commit.blockUntilDurable(.sequence(sequence)) }
        return SequenceNumber(rawValue: sequence)
    }
}

/// The forms that never wait.
extension WriteAheadLog {
    /// Appends a record if a segment is ready. Never waits: it may be called with locks held, and in a log handler.
    ///
    /// Even under ``SyncPolicy/always``, the record is written and not yet durable: wait with ``waitUntilDurable(_:)``.
    ///
    /// - Returns: The record's sequence number; nil while no segment is ready. ``append(_:)-(RawSpan)`` waits for one.
    /// - Throws: The errors of ``append(_:)-(RawSpan)``, except ``WALError/Code/indeterminate`` and
    ///   ``WALError/Code/cancelled``.
    public func tryAppend(_ payload: RawSpan) throws(WALError) -> SequenceNumber? {
        try appender.appendIfReady(.record, bodySize: payload.byteCount, records: 1) { frame in
            unsafe payload.withUnsafeBytes { unsafe frame.copy($0) }
        }.map(SequenceNumber.init(rawValue:))
    }

    /// Appends a record if a segment is ready; see ``tryAppend(_:)-(RawSpan)``.
    public func tryAppend(_ payload: Span<UInt8>) throws(WALError) -> SequenceNumber? {
        unsafe try tryAppend(payload.bytes)
    }

    /// Appends a record if a segment is ready; see ``tryAppend(_:)-(RawSpan)``.
    public func tryAppend(_ payload: [UInt8]) throws(WALError) -> SequenceNumber? {
        unsafe try tryAppend(payload.span.bytes)
    }

    /// Appends a record if a segment is ready; see ``tryAppend(_:)-(RawSpan)``. Copies a collection whose storage isn't contiguous.
    public func tryAppend(_ payload: some Collection<UInt8>) throws(WALError) -> SequenceNumber? {
        try tryAppend(Array(payload))
    }

    /// Appends the UTF-8 of a text as a record if a segment is ready; see ``tryAppend(_:)-(RawSpan)``.
    public func tryAppend(_ text: String) throws(WALError) -> SequenceNumber? {
        unsafe try tryAppend(text.utf8Span.span.bytes)
    }

    /// Appends a record that `initialize` writes directly into the segment, if a segment is ready; see
    /// ``append(count:initializingWith:)-(_,(OutputRawSpan)->Void)`` and ``tryAppend(_:)-(RawSpan)``.
    public func tryAppend(
        count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void
    ) throws(WALError) -> SequenceNumber? {
        try appender.appendIfReady(.record, bodySize: count, records: 1) { frame in
            frame.fill(with: initialize)
        }.map(SequenceNumber.init(rawValue:))
    }

    /// Appends a record that `initialize` writes, unless it throws, if a segment is ready; see
    /// ``append(count:initializingWith:)-50khw`` and ``tryAppend(_:)-(RawSpan)``.
    public func tryAppend<Failure: Error>(
        count: Int, initializingWith initialize: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws -> SequenceNumber? {
        try appender.requireFit(bodySize: count, records: 1)
        var payload: [UInt8] = []
        try payload.append(count: count, initializingWith: initialize)
        return try tryAppend(payload)
    }

    /// Appends a batch if a segment is ready; see ``append(_:bookmark:)`` and ``tryAppend(_:)-(RawSpan)``.
    public func tryAppend(_ batch: RecordBatch, bookmark: Bookmark? = nil) throws(WALError) -> SequenceNumber? {
        try appender.appendIfReady(batch, bookmark: bookmark).map(SequenceNumber.init(rawValue:))
    }

    /// Suspends until a segment is ready, for a caller of `tryAppend`. Throws the errors of an append.
    package func waitForSegment() async throws(WALError) {
        try await appender.suspendForNextSegment(after: nil)
    }
}
