internal import Logging

/// After a failed sync the kernel may have dropped pages that it couldn't write, and a second sync of that file would report success.
/// So everything that isn't durable is copied from the mapping to a new file, verifying every checksum. Until that succeeds, nothing is
/// acknowledged.
extension GroupCommit {
    /// The time that producers have to commit their claims in a segment that is to be replaced.
    private static let commitTimeout: Duration = .seconds(1)

    /// Replaces the scanner's segment, and so ends it. Only the leader calls it, after everything before the segment is
    /// durable.
    func replaceScanned(because cause: WALError) throws(WALError) {
        let live = scanner.live
        let number = live.segment.number
        if let end = catalog.state.withLock({ $0.entry(number)?.slot })?.close() { appender.registerEnd(end) }
        let deadline = ContinuousClock.now + Self.commitTimeout
        while true {
            scanner.advance()
            if catalog.state.withLock({ $0.entry(number)?.end }) == scanner.end { break }
            guard ContinuousClock.now < deadline else { throw cause }
            NamedThread.sleep(.microseconds(100))
        }
        let footer = scanner.summary.footer(at: scanner.end, after: markersBeforeScan)
        try replace(live, footer, because: cause)
        try publish(live.segment.logPosition(of: footer.end))
    }

    /// Replaces a segment that is sealed and not synced. Only the leader calls it.
    func replaceSealed(_ live: LiveSegment, because cause: WALError) throws(WALError) {
        guard let footer = catalog.state.withLock({ $0.entry(live.segment.number)?.footer }) else { throw cause }
        try replace(live, footer, because: cause)
    }

    /// Writes a segment's frames to a new file, and durably replaces the segment's file with it.
    private func replace(
        _ live: LiveSegment, _ footer: SegmentFooter, because cause: WALError
    ) throws(WALError) {
        try directory.requireInPlace()
        let number = live.segment.number
        let name = SegmentName.temporary(number)
        try directory.remove(name)
        let file = try File(name, in: directory, .create, finalName: SegmentName.of(number))
        let contents = unsafe SegmentBytes(UnsafeRawBufferPointer(rebasing: live.mapping.bytes[..<footer.offset]))
        let written = try SegmentRewrite.write(
            header: live.segment.header, contents: contents, to: file, end: footer.offset,
            recordCount: footer.end.recordCount, markersBefore: footer.markers)
        guard written.isWhole, written.footer.end == footer.end else {
            throw WALError(
                .corrupted,
                """
                A sync of \(live.segment.path) failed, and the kernel has dropped a part of its frames. Open the log again: \
                opening keeps the valid records and reports the lost ones.
                """, cause: cause)
        }
        try directory.rename(name, to: SegmentName.of(number))
        try directory.sync()
        try directory.remove(SegmentName.poisoned(number))
        try directory.sync()
        catalog.state.withLock { state in
            let segment = Segment(header: written.header, path: live.segment.path)
            state.seal(segment, written.footer, fileSize: written.fileSize)
            state.update(number) { $0.makeDurable() }
        }
        catalog.changed()
        appender.tail.wakeAll()
        var metadata = LogMetadata.of(cause)
        metadata["wal.segment"] = "\(number)"
        logger?.warning("a sync failed; its records were written to a new file and are durable", metadata: metadata)
    }

    /// Stops all acknowledgments. Reading continues.
    func poison(_ cause: WALError) {
        // Set the phase first: while the log is open, a segment that ends gets a successor.
        let isNew = catalog.state.withLock { state in
            guard case .open = state.phase else { return false }
            state.phase = .poisoned(cause)
            return true
        }
        if isNew, cause.code == .directoryGone {
            logger?.error("appends suspended: the log's directory is not in its place", metadata: LogMetadata.of(cause))
        } else if isNew {
            logger?.error("appends suspended: the disk rejects writes", metadata: LogMetadata.of(cause))
        }
        if let end = appender.closeCurrent() { appender.registerEnd(end) }
        catalog.changed()
        state.withLock { state in state.failure = Self.indeterminate(because: cause) }
    }

    static func indeterminate(because cause: WALError) -> WALError {
        if cause.code == .directoryGone { return cause }
        return WALError(
            .indeterminate,
            """
            A sync failed, and its records couldn't be copied to a new file. Records after the durable position may or may \
            not be on the disk. The log tries again every second.
            """, cause: cause, isRetriable: true)
    }

    /// Retries the failed work of a poisoned log. Returns whether the log accepts records again.
    @discardableResult
    func recoverFromPoisoning() -> Bool {
        try? takeLead()
        let result = Result { () throws(WALError) in
            try directory.requireInPlace()
            try advance(syncs: true)
        }
        let isRecovered = if case .success = result { true } else { false }
        if isRecovered {
            state.withLock { state in if !state.isClosed { state.failure = nil } }
            // Open the log before another thread leads. If that one fails, it must find the log open and poison it:
            // maintenance retries only in a poisoned log.
            catalog.state.withLock { state in
                if state.phase.isPoisoned { state.phase = .open }
            }
        }
        endRound()
        guard isRecovered else { return false }
        // A segment may have ended meanwhile that couldn't be sealed yet.
        appender.syncRequests.requestSealing()
        catalog.changed()
        appender.tail.wakeAll()
        return true
    }
}
