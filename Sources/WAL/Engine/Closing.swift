internal import Logging
internal import Synchronization

extension Engine {
    /// Ends, syncs and seals the active segment, ends the duties, and removes the prepared segments. Serves or fails all waiters.
    func close() throws(WALError) {
        flushPendingMarkers()
        let wasPoisoned = catalog.state.withLock { state -> Bool? in
            guard !state.phase.isClosingOrClosed else { return nil }
            defer { state.phase = .closing }
            return state.phase.isPoisoned
        }
        guard let wasPoisoned else { return }
        catalog.changed()
        if wasPoisoned { commit.recoverFromPoisoning() }
        if let end = appender.closeCurrent() { appender.registerEnd(end) }
        let result = Result { () throws(WALError) in
            // Claims from before the closing are still being committed: continue until all of them are in.
            let target = catalog.waitForClaimed()
            var turnCount = 0
            repeat {
                NamedThread.yield(afterTurns: turnCount)
                turnCount += 1
                try commit.lead { commit throws(WALError) in try commit.advance(syncs: true) }
            } while appender.durablePosition.load(ordering: .acquiring) < target.position
        }
        stop()
        removePrepared()
        if configuration.publishesStatus {
            var publisher = StatusPublisher(directory, logger)
            publisher.publish(status(closedAt: .now))
        }
        for live in catalog.state.withLock({ state in state.entries.compactMap(\.live) }) { live.file.unlock() }
        lock.release()
        logger?.info(
            "closed the log",
            metadata: [
                "wal.directory": "\(directory.path)",
                "wal.last": "\(appender.durableSequence.load(ordering: .acquiring))",
            ])
        try result.get()
        try requireNothingPending()
    }

    /// Opens a segment if needed, and appends the pending changes of cursors to it. Others may fill it first, so it tries for a second.
    /// A closed log opens no segment.
    private func flushPendingMarkers() {
        let deadline = ContinuousClock.now + .seconds(1)
        while !catalog.markers.pendingNames.isEmpty, catalog.state.withLock({ !$0.phase.isClosingOrClosed }) {
            do throws(WALError) {
                try appender.openNextSegment(after: nil, whenFull: .wait(.seconds(1)))
                NamedThread.yield()
            } catch {
                // The disk may take a segment in a moment.
                NamedThread.sleep(.milliseconds(10))
            }
            appender.flushPendingMarkers()
            if ContinuousClock.now >= deadline { return }
        }
    }

    private func requireNothingPending() throws(WALError) {
        let names = catalog.markers.pendingNames
        guard !names.isEmpty else { return }
        throw WALError(
            .indeterminate,
            """
            There was no segment for the last changes of these cursors and bookmarks, so the next opening finds their \
            earlier values: \(names.joined(separator: ", ")). Check the disk, or raise the log's budget.
            """)
    }

    private func removePrepared() {
        let prepared = catalog.state.withLock { $0.pipeline.takeAll() }
        // After a power loss they may be there again. Opening removes them.
        for segment in prepared { try? directory.remove(SegmentName.of(segment.number)) }
    }

    private func stop() {
        catalog.state.withLock { state in state.phase = .closed }
        catalog.changed()
        commit.close()
        appender.tail.close()
        for duty in [appender.syncRequests.duty, catalog.maintenance, catalog.compression] { duty.end() }
        // Maintenance may have had no turn.
        releaseUnused()
    }
}
