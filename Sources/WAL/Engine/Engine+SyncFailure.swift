internal import Logging
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// After a failed sync the kernel may have dropped what it couldn't write, and a second sync of that file would say that all
/// is well. So what isn't durable is written to a fresh file, from the mapping, where every checksum tells whether it is there
/// still; and if that can't be done, nothing is acknowledged until it can.
extension Engine {
    /// How long producers may take to commit what they have claimed in a segment that is to be replaced.
    private static let commitTimeout: Duration = .seconds(1)

    /// Replaces the walker's segment, which ends with that. For the leader only, with everything before it durable.
    func replaceWalked(because cause: WALError) throws(WALError) {
        let live = walker.live
        let slot = unsafe state.withLock { state in
            unsafe state.index(of: live.segment.number).flatMap { unsafe state.entries[$0].slot }
        }
        if let end = unsafe slot?.close() { registerEnd(end) }
        let deadline = ContinuousClock.now + Self.commitTimeout
        while true {
            walker.advance()
            let end = state.withLock { state in
                state.index(of: live.segment.number).flatMap { state.entries[$0].end }
            }
            if end == walker.end { break }
            guard ContinuousClock.now < deadline else { throw cause }
            usleep(100)
        }
        let footer = walker.summary.footer(at: walker.end, after: namedBeforeWalker)
        try replace(live, footer, because: cause)
        try publish(DurableMark(endOf: live.segment, footer))
    }

    /// Replaces a segment that was sealed and not synced. For the leader only.
    func replaceSealed(_ live: LiveSegment, because cause: WALError) throws(WALError) {
        guard let footer = state.withLock({ $0.footer(of: live.segment.number) }) else { throw cause }
        try replace(live, footer, because: cause)
    }

    /// Writes a segment's frames to a fresh file and puts that in its place, durably.
    private func replace(
        _ live: LiveSegment, _ footer: SegmentFooter, because cause: WALError
    ) throws(WALError) {
        try directory.requireInPlace()
        let number = live.segment.number
        let name = SegmentName.rewrite(number)
        try directory.remove(name)
        let file = try File(name, in: directory, .create, finalName: SegmentName.of(number))
        let contents = unsafe SegmentBytes(UnsafeRawBufferPointer(rebasing: live.mapping.bytes[..<footer.offset]))
        let written = try SegmentRewrite.write(
            header: live.segment.header, contents: contents, to: file, end: footer.offset,
            recordCount: footer.finalSequence + 1 - footer.firstSequence, namedBefore: footer.named)
        guard written.isWhole, written.footer.offset == footer.offset else {
            throw WALError(
                .corrupted,
                """
                A sync of \(live.segment.path) failed, and the kernel has dropped a part of what was to be synced. Open the log \
                again: it keeps what is whole and tells what was lost.
                """, cause: cause)
        }
        try directory.rename(name, to: SegmentName.of(number))
        try directory.sync()
        try directory.remove(SegmentName.poisoned(number))
        try directory.sync()
        state.withLock { state in
            let segment = Segment(header: written.header, path: live.segment.path)
            state.sealed(segment, written.footer, fileSize: written.fileSize)
            guard let index = state.index(of: number) else { return }
            state.entries[index].live = nil
        }
        stateChanged()
        wakeTailReaders()
        var metadata = LogMetadata.of(cause)
        metadata["wal.segment"] = "\(number)"
        logger?.warning("a sync failed; what it was for was written to a fresh file and is durable", metadata: metadata)
    }

    /// Nothing is acknowledged any more. Reading goes on.
    func poison(_ cause: WALError) {
        // In this order: a segment that ended with the log still open would get a successor.
        let isNew = state.withLock { state in
            guard case .open = state.phase else { return false }
            state.phase = .poisoned(cause)
            return true
        }
        if isNew, cause.code == .directoryGone {
            logger?.error("the log takes no records until its directory is back", metadata: LogMetadata.of(cause))
        } else if isNew {
            logger?.error("the log takes no records until its disk does", metadata: LogMetadata.of(cause))
        }
        _ = unsafe current.load(ordering: .acquiring)?.close().map(registerEnd)
        stateChanged()
        syncState.withLock { state in state.failure = Self.indeterminate(because: cause) }
    }

    static func indeterminate(because cause: WALError) -> WALError {
        if cause.code == .directoryGone { return cause }
        return WALError(
            .indeterminate,
            """
            A sync failed, and what it was for could not be written elsewhere: what was appended since the durable position \
            may or may not be on the disk. The log goes on trying.
            """, cause: cause, isRetriable: true)
    }

    /// Tries again what a poisoned log couldn't do. Returns whether it takes records again.
    @discardableResult
    func recoverFromPoisoning() -> Bool {
        try? takeLead()
        let result = Result { () throws(WALError) in
            try directory.requireInPlace()
            try advance(syncs: true)
        }
        let isRecovered = if case .success = result { true } else { false }
        syncState.withLock { state in if isRecovered { state.failure = nil } }
        endPass()
        guard isRecovered else { return false }
        state.withLock { state in
            if case .poisoned = state.phase { state.phase = .open }
        }
        stateChanged()
        wakeTailReaders()
        return true
    }
}

extension DurableMark {
    /// The end of a sealed segment.
    init(endOf segment: Segment, _ footer: SegmentFooter) {
        self.init(sequence: footer.finalSequence, position: segment.position(at: footer.offset))
    }
}

extension EngineState {
    func footer(of number: UInt64) -> SegmentFooter? {
        index(of: number).flatMap { entries[$0].footer }
    }

    /// All of a segment's frames are committed, and it has its footer.
    mutating func sealed(_ segment: Segment, _ footer: SegmentFooter, fileSize: Int) {
        guard let index = index(of: segment.number) else { return }
        entries[index].segment = segment
        entries[index].footer = footer.withoutIndex
        entries[index].age = SegmentAge()
        entries[index].fileSize = fileSize
        if let slot = unsafe entries[index].slot { unsafe freeSlots.append(slot) }
        unsafe entries[index].slot = nil
    }
}
