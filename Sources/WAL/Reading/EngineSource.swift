internal import Synchronization

/// The segments of an open log, for its readers.
struct EngineSource: SegmentSource {
    private let appender: Appender
    private let commit: GroupCommit
    private let catalog: SegmentCatalog

    init(_ appender: Appender, _ commit: GroupCommit) {
        self.appender = appender
        self.commit = commit
        catalog = appender.catalog
    }

    func segment(containing sequence: UInt64?) throws(WALError) -> LocatedSegment? {
        try located({ _ in nil }) { state in
            // Search from the front: a forged header can have a lower base sequence than the headers before it.
            state.entries.prefix { $0.segment.header.baseSequence <= sequence ?? 0 }.last ?? state.entries.first
        }
    }

    func segment(
        since time: Int64, reusing: (Segment) -> ReadableSegment?
    ) throws(WALError) -> LocatedSegment? {
        try located(reusing) { state in
            state.entries.first { entry in entry.footer.map { $0.recordCount > 0 && $0.lastTime >= time } ?? true }
        }
    }

    /// Opens the entry that `choose` returns. If that was removed before it could be opened, chooses again. If its file
    /// is lost, opens the next one.
    private func located(
        _ reusing: (Segment) -> ReadableSegment?, _ choose: (CatalogState) -> CatalogEntry?
    ) throws(WALError) -> LocatedSegment? {
        while true {
            guard let entry = catalog.state.withLock({ state in choose(state) }) else { return nil }
            if let known = reusing(entry.segment) { return LocatedSegment(segment: known) }
            if let readable = try readableIfThere(entry) { return LocatedSegment(segment: readable) }
            guard catalog.state.withLock({ state in state.index(of: entry.segment.number) != nil }) else { continue }
            let (next, gaps) = try following(entry.segment.number, from: entry)
            return next.map { LocatedSegment(segment: $0, gaps: gaps) }
        }
    }

    func continuation(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation {
        let entry = catalog.state.withLock { state in
            state.entry(segment.segment.number)
        }
        guard let entry else { return Continuation(step: .end) }
        guard entry.segment.header.incarnation == segment.segment.header.incarnation else {
            return Continuation(step: .again)
        }
        guard let end = entry.end else { return Continuation(step: place.isEmpty ? .end : .damaged) }
        // There is a claim that isn't committed yet.
        if entry.live != nil, place.isEmpty, place.offset < end.offset { return Continuation(step: .end) }
        var gaps: [LogGap] = []
        if place.offset != end.offset {
            guard let gap = try gap(of: segment, entry, at: place.offset, before: end) else {
                return Continuation(step: .beginning)
            }
            let header = entry.segment.header
            let count = gap.nextRecordIndex ?? end.recordCount
            if count > gap.recordIndex {
                gaps.add(
                    header.baseSequence + gap.recordIndex, header.baseSequence + count - 1, .unreadable, true, header,
                    gap.offset,
                    "\(entry.segment.path) is damaged; opening the log with the scope `everything` sets it aside")
            }
            if let next = gap.next { return Continuation(step: .frame(next), gaps: gaps) }
        }
        let (next, missing) = try following(entry.segment.number)
        return Continuation(step: next.map { .segment($0) } ?? .end, gaps: gaps + missing)
    }

    /// Returns the gap that begins at an offset of an ended segment.
    private func gap(
        of segment: ReadableSegment, _ entry: CatalogEntry, at offset: Int, before end: SegmentEnd
    ) throws(WALError) -> SegmentScan.Gap? {
        if let known = segment.scannedGaps.byOffset[offset] { return known }
        // Keeps the bytes in memory.
        let buffer = ReadBuffer()
        let bytes =
            if let live = entry.live {
                // Bytes after the end, such as a footer, aren't searched.
                unsafe SegmentBytes(UnsafeRawBufferPointer(rebasing: live.mapping.bytes[..<end.offset]))
            } else {
                // Maintenance may be about to cut the file after its footer.
                try buffer.load(try file(of: entry), of: entry.segment.header, isImmutable: false)
            }
        defer { withExtendedLifetime((buffer, entry)) {} }
        let gaps = try SegmentScan(bytes, header: entry.segment.header).gaps
        segment.scannedGaps.byOffset = Dictionary(gaps.map { ($0.offset, $0) }) { first, _ in first }
        return segment.scannedGaps.byOffset[offset]
    }

    /// Returns the next segment that has a file, and the gaps before it.
    private func following(
        _ number: UInt64, from lost: CatalogEntry? = nil
    ) throws(WALError) -> (segment: ReadableSegment?, gaps: [LogGap]) {
        var gaps = lost.map(\.missing) ?? []
        var number = number
        while let entry = catalog.state.withLock({ $0.entry(after: number) }) {
            if let segment = try readableIfThere(entry) { return (segment, gaps) }
            gaps += entry.missing
            number = entry.segment.number
        }
        return (nil, gaps)
    }

    func isRemoved(_ segment: ReadableSegment) -> Bool {
        catalog.state.withLock { state in state.index(of: segment.segment.number) == nil }
    }

    private func readableIfThere(_ entry: CatalogEntry) throws(WALError) -> ReadableSegment? {
        try ifExists { () throws(WALError) in try readable(entry) }
    }

    private func file(of entry: CatalogEntry) throws(WALError) -> SegmentFile {
        try SegmentFile.open(
            entry.segment.number, isCompressed: entry.segment.isCompressed, in: catalog.directory, .read)
    }

    private func readable(_ entry: CatalogEntry) throws(WALError) -> ReadableSegment {
        if let live = entry.live {
            return ReadableSegment(
                live: entry.segment, mapping: live.mapping, size: entry.fileSize, footer: entry.footer)
        }
        guard let footer = entry.footer else {
            throw WALError(.closed, "The log was closed before \(entry.segment.path) was sealed. Reopen the log.")
        }
        let file = try file(of: entry)
        var size = try file.size()
        // Maintenance may be about to cut the file to this size.
        if !entry.segment.isCompressed { size = min(size, entry.fileSize) }
        return try ReadableSegment(entry.segment, in: file, size: size, footer: footer)
    }

    func durablePosition(after position: UInt64) -> UInt64 {
        appender.durablePosition.load(ordering: .acquiring)
    }

    func waitForMore(
        behind position: UInt64, durable: UInt64, from sequence: UInt64, visibility: ReadVisibility,
        unless isDue: () -> Bool
    ) async throws(WALError) {
        // A new reader that wants a future record can wait at the end without scanning.
        let claimed = catalog.waitForClaimed()
        let position = sequence > claimed.sequence ? max(position, claimed.position) : position
        switch visibility {
        case .written: await appender.waitAtTail { catalog.waitForClaimed().position > position }
        case .durable:
            // A waiting reader doesn't request a sync. It waits for the syncs of other callers.
            do throws(WALError) {
                try await commit.waitUntilDurable(.position(position + 1), requestsSync: false)
            } catch {
                // After a failed sync, nothing becomes durable for a while. That doesn't end the reader; only closing
                // the log does.
                guard error.code == .indeterminate else { throw error }
                await appender.waitAtTail { commit.state.withLock { $0.failure == nil } }
            }
        }
        if Task.isCancelled { throw .canceledRead }
        try catalog.state.withLock { state throws(WALError) in
            if case .closed = state.phase { throw WALError(.closed, "The log was closed.") }
        }
    }

    func pin(_ reader: ObjectIdentifier, at number: UInt64) {
        catalog.state.withLock { state in state.pins[reader] = number }
    }

    func pin(_ reader: ObjectIdentifier, in segment: ReadableSegment) -> Bool {
        catalog.state.withLock { state in
            guard let entry = state.entry(segment.segment.number),
                entry.segment.header.incarnation == segment.segment.header.incarnation,
                !segment.isShared || entry.live != nil
            else { return false }
            state.pins[reader] = entry.segment.number
            return true
        }
    }

    func unpin(_ reader: ObjectIdentifier) {
        catalog.state.withLock { state in state.pins[reader] = nil }
    }
}

extension CatalogEntry {
    /// The gap for the records of a segment whose file is missing.
    fileprivate var missing: [LogGap] {
        var gaps: [LogGap] = []
        let first = segment.header.baseSequence
        if let count = end?.recordCount, count > 0 {
            gaps.add(first, first + count - 1, .missing, true, segment.header, 0, "\(segment.path) is missing")
        }
        return gaps
    }
}
