internal import Synchronization

extension Engine: SegmentSource {
    func segment(containing sequence: UInt64) throws(WALError) -> ReadableSegment? {
        try readable { state in
            state.entries.last { $0.segment.header.baseSequence <= sequence } ?? state.entries.first
        }
    }

    func segment(since time: Int64) throws(WALError) -> ReadableSegment? {
        try readable { state in
            state.entries.first { entry in entry.footer.map { $0.recordCount > 0 && $0.lastTime >= time } ?? true }
        }
    }

    /// Opens the entry that `choose` finds; another one, if that was removed before it was open.
    private func readable(_ choose: (EngineState) -> EngineState.Entry?) throws(WALError) -> ReadableSegment? {
        while true {
            guard let entry = state.withLock({ state in choose(state) }) else { return nil }
            do throws(WALError) {
                return try readable(entry)
            } catch {
                let isThere = state.withLock { state in state.index(of: entry.segment.number) != nil }
                if isThere || !error.isNoSuchFile { throw error }
            }
        }
    }

    func successor(of segment: ReadableSegment, endingAt offset: Int) throws(WALError) -> ReadableSegment? {
        let entry = state.withLock { state -> EngineState.Entry? in
            guard let index = state.index(of: segment.segment.number), state.entries[index].end?.offset == offset,
                index + 1 < state.entries.count
            else { return nil }
            return state.entries[index + 1]
        }
        return try entry.map { entry throws(WALError) in try readable(entry) }
    }

    func isReplaced(_ segment: ReadableSegment) -> Bool {
        state.withLock { state in
            guard let index = state.index(of: segment.segment.number) else { return false }
            return state.entries[index].segment.header.incarnation != segment.segment.header.incarnation
        }
    }

    func isRemoved(_ segment: ReadableSegment) -> Bool {
        state.withLock { state in state.index(of: segment.segment.number) == nil }
    }

    private func readable(_ entry: EngineState.Entry) throws(WALError) -> ReadableSegment {
        if let live = entry.live {
            return ReadableSegment(live: entry.segment, mapping: live.mapping, footer: entry.footer)
        }
        guard let footer = entry.footer else {
            throw WALError(.closed, "\(entry.segment.path) was not sealed when the log was closed.")
        }
        let file = try SegmentFile.open(
            entry.segment.number, isCompressed: entry.segment.isCompressed, in: directory, .read)
        return try ReadableSegment(entry.segment, in: file, size: try file.size(), footer: footer)
    }

    var durablePosition: UInt64 {
        durablePositionWord.load(ordering: .acquiring)
    }

    func waitForMore(
        behind position: UInt64, from sequence: UInt64, visibility: ReadVisibility
    ) async throws(WALError) {
        // A reader that hasn't begun, and wants what isn't there yet, needn't look at what is there.
        let claimed = claimed
        let position = sequence > claimed.sequence ? max(position, claimed.position) : position
        switch visibility {
        case .written: await waitAtTail { self.claimed.position > position }
        case .durable:
            // Readers take part in what others make durable; a waiting one is no reason for a sync.
            do throws(WALError) {
                try await waitUntilDurable(DurableMark(sequence: 0, position: position + 1), requestsSync: false)
            } catch {
                // Nothing becomes durable for now. That is no end, for which close is there.
                guard error.code == .indeterminate else { throw error }
                await waitAtTail { self.syncState.withLock { $0.failure == nil } }
            }
        }
        if Task.isCancelled { throw Self.cancelled }
        try state.withLock { state throws(WALError) in
            if case .closed = state.phase { throw WALError(.closed, "The log was closed.") }
        }
    }

    func pin(_ reader: ObjectIdentifier, at number: UInt64) {
        state.withLock { state in state.pins[reader] = number }
    }

    func unpin(_ reader: ObjectIdentifier) {
        state.withLock { state in state.pins[reader] = nil }
    }
}
