/// The catalog of an open log: its segments, the pipeline of the next ones, and its phase.
///
/// It is used when a segment begins, ends, is sealed or removed, and never by an append that fits into the active
/// segment.
struct CatalogState {
    enum Phase {
        case open
        case closing
        case closed
        /// A write or sync failed, and its records can't be written elsewhere.
        case poisoned(WALError)

        var isClosing: Bool {
            if case .closing = self { true } else { false }
        }

        var isClosingOrClosed: Bool {
            switch self {
            case .closing, .closed: true
            case .open, .poisoned: false
            }
        }

        var isPoisoned: Bool {
            if case .poisoned = self { true } else { false }
        }
    }

    /// The shortest time between two segments that end by the number of their records, because each end costs some
    /// syncs. One task saved 1.1 million tasks a second without this limit, 1.33 million with 10 ms, and 1.53 million
    /// with 50 ms, at which segments of 8 MiB end by their size (medians of five and six runs with 5000 records a
    /// segment).
    private static let openTimeMin: Duration = .milliseconds(50)

    var phase = Phase.open
    /// The segments, oldest first. The last one is active, or has ended and has no successor yet.
    private(set) var entries: [CatalogEntry]
    /// The size of their files. It is stored, because a log can have many thousand segments and each change reads the
    /// size.
    private var entrySize: Int
    var pipeline: SegmentPipeline
    /// Increases whenever recovery discards data or sequence numbers are skipped.
    var epoch: UInt64
    /// The last of the skipped sequence numbers. The next segment begins after it.
    var skippedThrough: UInt64 = 0
    var freeSlots: [SlotReference]
    private var openingTime = ContinuousClock.now
    /// The record that the active segment should have ended with; nil unless it is still too early for that end.
    var awaitedEnd: UInt64?
    /// The number of the segment that each reader is in or about to enter.
    var pins: [ObjectIdentifier: UInt64] = [:]
    /// The tasks that wait for a segment. They get true if there is an open one, and false to check again.
    var suspended = SuspendedTasks<Result<Bool, WALError>>()

    init(entries: [CatalogEntry], pipeline: SegmentPipeline, epoch: UInt64, freeSlots: [SlotReference]) {
        self.entries = entries
        entrySize = entries.reduce(0) { $0 + $1.fileSize }
        self.pipeline = pipeline
        self.epoch = epoch
        self.freeSlots = freeSlots
    }

    var diskSize: Int { entrySize + pipeline.diskSize }

    /// Whether the next segment can be opened at once.
    var isNextReady: Bool { !pipeline.ready.isEmpty && !freeSlots.isEmpty }

    /// Whether the active segment has ended, and no other is ready.
    var isWithoutSegment: Bool { entries.last?.end != nil && !isNextReady }

    /// Whether a segment has ended and isn't sealed. Only the active one can come after such segments.
    var hasUnsealedEnd: Bool { entries.suffix(2).contains { $0.isUnsealed } }

    func index(of number: UInt64) -> Int? {
        // The numbers rise.
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].segment.number < number { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].segment.number == number ? low : nil
    }

    func entry(_ number: UInt64) -> CatalogEntry? {
        index(of: number).map { entries[$0] }
    }

    func entry(after number: UInt64) -> CatalogEntry? {
        index(of: number).flatMap { $0 + 1 < entries.count ? entries[$0 + 1] : nil }
    }

    mutating func update(_ number: UInt64, _ change: (inout CatalogEntry) -> Void) {
        if let index = index(of: number) { modify(at: index, change) }
    }

    private mutating func modify(at index: Int, _ change: (inout CatalogEntry) -> Void) {
        let size = entries[index].fileSize
        change(&entries[index])
        entrySize += entries[index].fileSize - size
    }

    mutating func removeFirst() {
        entrySize -= entries.removeFirst().fileSize
        pipeline.recheckBudget()
    }

    // MARK: Phases

    /// Throws if the log was closed. Doesn't throw if it is poisoned, because such a log can still be drained.
    func requireNotClosed() throws(WALError) {
        if phase.isClosingOrClosed { try requireOpen() }
    }

    /// Throws unless the log accepts appends.
    func requireOpen() throws(WALError) {
        switch phase {
        case .open: break
        case .closing, .closed: throw WALError(.closed, "The log was closed. Open it again to append.")
        case .poisoned(let cause) where cause.code == .directoryGone: throw cause
        case .poisoned(let cause):
            throw WALError(
                .poisoned,
                "The log accepts no records, because its disk has failed. It tries again every second. Check the disk.",
                cause: cause, isRetriable: true)
        }
    }

    /// The reason why appending fails at the moment; nil while the log accepts records.
    var refusal: WALError? {
        do throws(WALError) { try requireOpen() } catch { return error }
        return isWithoutSegment ? pipeline.obstacle : nil
    }

    // MARK: Segments

    /// The position up to which producers have claimed; nil between the claim that crosses the active segment's end and its registration.
    var claimed: LogPosition? {
        guard let last = entries.last, let end = last.end ?? last.slot?.claimedEnd else { return nil }
        return last.segment.logPosition(of: end)
    }

    /// Ends the active segment, which takes no more claims.
    mutating func endActive(at end: SegmentEnd) {
        entries[entries.count - 1].end(at: end)
        awaitedEnd = nil
    }

    /// Opens the first prepared segment after the last one, which has ended. Returns its slot.
    mutating func openNext(after end: SegmentEnd) -> SlotReference {
        let slot = freeSlots.removeLast()
        let prepared = pipeline.takeFirst()
        _ = activate(prepared, header: header(of: prepared, after: end), in: slot)
        return slot
    }

    /// Makes a prepared segment the active one. Its header becomes durable with its first frames, in one sync.
    mutating func activate(
        _ prepared: PreparedSegment, header: SegmentHeader, in slot: SlotReference
    ) -> LiveSegment {
        var header = header
        header.state = .active
        header.bootID = .current
        header.creationTime = Timestamp.now.rawValue
        header.uptime = KernelRun.now.uptime
        let segment = Segment(header: header, path: prepared.file.path)
        let live = LiveSegment(segment: segment, file: prepared.file, mapping: prepared.mapping)
        unsafe header.encode(to: prepared.mapping.base)
        entries.append(CatalogEntry(segment: segment, stage: .active(live, slot), fileSize: prepared.mapping.size))
        entrySize += prepared.mapping.size
        openingTime = .now
        slot.assign(live)
        slot.open(used: SegmentHeader.size)
        return live
    }

    private func header(of prepared: PreparedSegment, after end: SegmentEnd) -> SegmentHeader {
        let last = entries[entries.count - 1].segment
        var header = prepared.header
        header.predecessor = last.header.asPredecessor(endingAt: end)
        header.baseSequence = max(header.predecessor.finalSequence, skippedThrough) + 1
        header.basePosition = last.position(at: end.offset)
        header.epoch = epoch
        header.source = last.header.source
        return header
    }

    /// Notes that a segment is sealed: all of its frames are committed, and it has its footer.
    mutating func seal(_ segment: Segment, _ footer: SegmentFooter, fileSize: Int) {
        guard let index = index(of: segment.number) else { return }
        let slot = entries[index].slot
        modify(at: index) { $0.seal(segment, footer, fileSize: fileSize) }
        if let slot { freeSlots.append(slot) }
    }

    // MARK: Ends by the number of records

    /// The earliest time at which the active segment may end by the number of its records; nil while the next segment
    /// isn't ready.
    private var endTime: ContinuousClock.Instant? { isNextReady ? openingTime + Self.openTimeMin : nil }

    /// The record that the active segment should have ended with, if it may end now.
    var dueEnd: UInt64? {
        if let awaitedEnd, let endTime, endTime <= .now { awaitedEnd } else { nil }
    }

    /// Returns the time of the next check of maintenance, at most `latest`.
    func deadline(before latest: ContinuousClock.Instant) -> ContinuousClock.Instant {
        min(latest, suspended.deadline ?? latest, awaitedEnd == nil ? latest : endTime ?? latest)
    }
}
