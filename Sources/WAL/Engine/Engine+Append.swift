internal import CWALShims
internal import Synchronization

extension Engine {
    private enum Attempt {
        /// With the first sequence number claimed, which for frames without records is the next record's.
        case appended(UInt64)
        /// The active segment has ended, here if it was this attempt that ended it.
        case ended(SegmentEnd?)
    }

    /// Appends a frame; `fill` writes its body and returns its checksum. Blocks where no segment is ready. Returns the first sequence
    /// number claimed.
    @inline(__always)
    func append(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (FrameRoom) -> UInt32
    ) throws(WALError) -> UInt64 {
        try requireFit(bodySize: bodySize, records: records)
        switch attempt(kind, bodySize: bodySize, records: records, fill: fill) {
        case .appended(let sequence): return sequence
        case .ended(let end):
            return try appendBehind(end, kind, bodySize: bodySize, records: records, fill: fill)
        }
    }

    // Not in line: it would have every append make room for what waiting needs.
    @inline(never)
    private func appendBehind(
        _ end: SegmentEnd?, _ kind: Frame.Kind, bodySize: Int, records: Int,
        fill: (FrameRoom) -> UInt32
    ) throws(WALError) -> UInt64 {
        var end = end
        while true {
            try openNextSegment(after: end)
            switch attempt(kind, bodySize: bodySize, records: records, fill: fill) {
            case .appended(let sequence): return sequence
            case .ended(let next): end = next
            }
        }
    }

    /// The same, and suspends where no segment is ready.
    @inline(__always)
    func appendSuspending(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (FrameRoom) -> UInt32
    ) async throws(WALError) -> UInt64 {
        try requireFit(bodySize: bodySize, records: records)
        while true {
            switch attempt(kind, bodySize: bodySize, records: records, fill: fill) {
            case .appended(let sequence): return sequence
            case .ended(let end): try await suspendForNextSegment(after: end)
            }
        }
    }

    /// The same, and returns nil where it would have to wait: see ``suspendForNextSegment(after:)``.
    func appendWithoutWaiting(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (FrameRoom) -> UInt32
    ) throws(WALError) -> UInt64? {
        try requireFit(bodySize: bodySize, records: records)
        while true {
            switch attempt(kind, bodySize: bodySize, records: records, fill: fill) {
            case .appended(let sequence): return sequence
            case .ended(let end): guard try openPreparedSegment(after: end) else { return nil }
            }
        }
    }

    @inline(__always)
    private func requireFit(bodySize: Int, records: Int) throws(WALError) {
        guard bodySize <= recordSizeMax, records <= ClaimWord.recordsMax else {
            throw tooLarge(bodySize: bodySize, records: records)
        }
    }

    /// Claims a place, lets `fill` write the body there, and commits.
    @inline(__always)
    private func attempt(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (FrameRoom) -> UInt32
    ) -> Attempt {
        // Before the claim, so that what is claimed is committed the sooner.
        let time = cwal_coarse_realtime_microseconds()
        guard let slot = unsafe current.load(ordering: .acquiring) else { return .ended(nil) }
        let size = Frame.size(bodySize: bodySize)
        let isAdded = records == 1 && size <= ClaimWord.additionSizeMax
        let outcome =
            unsafe isAdded
            ? slot.claimByAddition(size: size) : slot.claimByExchange(size: size, records: records)
        switch outcome {
        case .claimed(let offset, let recordIndex):
            return unsafe .appended(
                commit(
                    kind, time: time, slot: slot, offset: offset, recordIndex: recordIndex, records: records,
                    bodySize: bodySize, fill: fill))
        case .crossed(let end): return .ended(end)
        case .closed: return .ended(nil)
        }
    }

    @inline(__always)
    private func commit(
        _ kind: Frame.Kind, time: Int64, slot: UnsafeMutablePointer<Slot>, offset: Int, recordIndex: Int, records: Int,
        bodySize: Int, fill: (FrameRoom) -> UInt32
    ) -> UInt64 {
        let position = unsafe slot.pointee.basePosition + UInt64(offset)
        let durable = durablePositionWord.load(ordering: .relaxed)
        let frame = unsafe slot.pointee.base + offset
        let room = unsafe FrameRoom(
            at: frame, offset: offset, seed: slot.pointee.seed, kind: kind,
            recordIndex: UInt32(truncatingIfNeeded: recordIndex),
            durableDistance: Frame.durableDistance(from: position, to: durable), time: time, bodySize: bodySize)
        let checksum = fill(room)
        let sequence = unsafe slot.pointee.baseSequence + UInt64(recordIndex)
        let length = Frame.headerSize + bodySize
        unsafe CommitWord.store(Frame.commitWord(length: length, checksum: checksum), to: frame)
        // The slot is not to be touched from here on: with the last claim committed it may be given to another segment.
        if attention.load(ordering: .sequentiallyConsistent) != 0 { attend() }
        if position &- durable >= syncDistance { requestSync() }
        if recordIndex < recordsTarget, recordsTarget <= recordIndex + records { endSegment(with: sequence) }
        return sequence
    }

    /// Appends a frame that has no records. Returns the next record's sequence number.
    @discardableResult
    func appendControl(_ kind: Frame.Kind, body: [UInt8]) throws(WALError) -> UInt64 {
        try append(kind, bodySize: body.count, records: 0) { room in
            unsafe body.withUnsafeBytes { unsafe room.copy($0) }
        }
    }

    /// The same for those who may not wait for a new segment. Returns false if the active one has ended.
    func appendControlWithoutWaiting(_ kind: Frame.Kind, body: [UInt8]) -> Bool {
        guard let slot = unsafe current.load(ordering: .acquiring) else { return false }
        return unsafe appendControlWithoutWaiting(kind, body: body, in: slot)
    }

    /// The same in a segment that the caller keeps from being sealed.
    func appendControlWithoutWaiting(_ kind: Frame.Kind, body: [UInt8], in slot: UnsafeMutablePointer<Slot>) -> Bool {
        switch unsafe slot.claimByExchange(size: Frame.size(bodySize: body.count), records: 0) {
        case .claimed(let offset, let recordIndex):
            unsafe _ = commit(
                kind, time: cwal_coarse_realtime_microseconds(), slot: slot, offset: offset, recordIndex: recordIndex,
                records: 0, bodySize: body.count
            ) { room in
                unsafe body.withUnsafeBytes { unsafe room.copy($0) }
            }
            return true
        case .crossed(let end):
            registerEnd(end)
            return false
        case .closed:
            return false
        }
    }

    private func tooLarge(bodySize: Int, records: Int) -> WALError {
        let what =
            bodySize > recordSizeMax
            ? "A record or batch of \(bodySize) bytes is larger than a segment takes (\(recordSizeMax) bytes)"
            : "A batch of \(records) records is more than a segment takes (\(ClaimWord.recordsMax))"
        return WALError(.recordTooLarge, "\(what). Make it smaller, or the segments larger.")
    }

    /// How far producers have claimed.
    var claimed: DurableMark {
        // Nil while a claim that has crossed the end isn't registered yet: its owner is about to, and signals.
        state.wait { state in state.claimed } ?? DurableMark(sequence: 0, position: 0)
    }

    /// What a producer does for those who wait: rare, so not in line.
    @inline(never)
    private func attend() {
        let due = attention.exchange(0, ordering: .sequentiallyConsistent)
        if due & Attention.idleSyncThread != 0 { nudgeSyncThread() }
        if due & Attention.tailReaders != 0 { wakeTailReaders() }
    }
}

extension EngineState {
    /// How far producers have claimed; nil between the crossing of the active segment's end and its registration.
    var claimed: DurableMark? {
        guard let last = entries.last else { return nil }
        let header = last.segment.header
        if let end = last.end {
            return DurableMark(
                sequence: header.baseSequence + end.recordCount - 1, position: last.segment.position(at: end.offset))
        }
        guard let slot = unsafe last.slot else { return nil }
        let word = unsafe slot.pointee.word.load(ordering: .sequentiallyConsistent)
        guard unsafe slot.isOpen(word) else { return nil }
        return unsafe DurableMark(
            sequence: header.baseSequence + UInt64(ClaimWord.records(word)) - 1,
            position: last.segment.position(at: ClaimWord.offset(word) - slot.pointee.bias))
    }
}
