internal import WAL
internal import WALDelivery
internal import WALFlow

/// Reads the files of a log for a monitor.
///
/// It reads on its own thread, one request after another. So any number of clients use at most one processor, and
/// nothing blocks the cooperative pool.
actor LogFiles {
    private let thread: SerialThread
    private let directory: String
    private let name: String?
    /// The log, if it is open in this process.
    private let openLog: WriteAheadLog?
    private var log: ReadOnlyLog
    private let decoder: RowDecoder
    private var letters: KeptLetters

    private var segments: [SegmentInfo] = []
    private var segmentsKey: [UInt64] = []
    private var tail: LogReader?
    private var tailTime = ContinuousClock.now
    /// The time without a call after which a tail starts again at the end of the log.
    private static let tailAgeMax: Duration = .seconds(5)

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    init(_ directory: String, name: String?, openLog: WriteAheadLog?, decoder: RowDecoder) throws(WALError) {
        self.directory = directory
        self.name = name
        self.openLog = openLog
        self.decoder = decoder
        log = try ReadOnlyLog(at: directory)
        letters = KeptLetters(decoder)
        thread = try SerialThread("wal-monitor")
    }

    /// The identifier of the log. A log that was put in its place has another one.
    var id: LogID { log.id }

    // MARK: Status

    func snapshot() throws(WALError) -> LogSnapshot {
        var snapshot: LogSnapshot
        if let openLog {
            snapshot = LogSnapshot(openLog, name: name)
        } else {
            snapshot = try LogSnapshot(log, name: name)
            if !snapshot.isUp {
                // A log that was restored or replaced has other files.
                let present = try ReadOnlyLog(at: directory)
                if present.identity != log.identity {
                    letters = KeptLetters(decoder)
                    tail = nil
                }
                log = present
                snapshot = try LogSnapshot(log, name: name)
            }
        }
        // Damage among the dead letters is reported in the list of dead letters. The state of the log is shown in this
        // case too.
        try? letters.read(directory)
        snapshot.keptDeadLetters = letters.counts
        // The error of a database may quote rows.
        for index in snapshot.status.sinks.indices {
            snapshot.status.sinks[index].error = decoder.shown(snapshot.status.sinks[index].error)
        }
        return snapshot
    }

    func recovery() throws(WALError) -> (findings: [RecoveryReport.Finding], count: Int)? {
        try log.lastRecovery
    }

    // MARK: Segments

    func allSegments() throws(WALError) -> [SegmentInfo] { try log.segments }

    /// Returns the segments that are new or changed since the last call, and the numbers of those that are gone. Reads
    /// the files only if the status reports a change. The first call returns no segments.
    func changedSegments(_ status: LogStatus) throws(WALError) -> (changed: [SegmentInfo], removed: [UInt64]) {
        // A forged status may contain negative numbers.
        let numbers = status.segments.byState.map { UInt64(clamping: $0.number) }
        let key = numbers + [status.firstSequence.rawValue, UInt64(clamping: status.disk.bytes)]
        guard key != segmentsKey else { return ([], []) }
        let isFirst = segmentsKey.isEmpty
        let before = Set(segments)
        let now = try log.segments
        segmentsKey = key
        let present = Set(now.map(\.number))
        let removed = segments.map(\.number).filter { !present.contains($0) }
        segments = now
        return isFirst ? ([], []) : (now.filter { !before.contains($0) }, removed)
    }

    // MARK: Records

    func records(_ search: RecordSearch) throws(WALError) -> RecordSearch.Result {
        try search.run(log, decoder)
    }

    /// Returns the rows of the records that are new since the last call, and the number of records that were left out.
    /// The number of rows is limited.
    func newRecords(through last: SequenceNumber, max: Int) throws(WALError) -> (rows: [[UInt8]], skipped: UInt64) {
        defer { tailTime = .now }
        guard let reader = tail, ContinuousClock.now - tailTime < Self.tailAgeMax else {
            tail = log.reader(from: last.next)
            return ([], 0)
        }
        var skipped: UInt64 = 0
        let next = reader.nextSequence.rawValue
        if last.rawValue >= next, last.rawValue - next >= UInt64(max) {
            let start = last.rawValue - UInt64(max) + 1
            skipped = start - next
            reader.seek(to: SequenceNumber(rawValue: start))
        }
        var rows: [[UInt8]] = []
        while rows.count < max, reader.nextSequence <= last,
            let row = try reader.next({ decoder.row($0).json }, gap: { _ in [] })
        {
            if !row.isEmpty { rows.append(row) }
        }
        return (rows, skipped)
    }

    func endTail() { tail = nil }

    // MARK: Dead letters

    /// Returns the letters beside the log, and a description of the first damage among them.
    func deadLetters() throws(WALError) -> (rows: [LetterRow], damage: String?) {
        try letters.read(directory)
        return (letters.rows, letters.damage.map { $0.gap?.description ?? $0.message })
    }

    // MARK: Flows

    /// Reads the journals of live tasks. Stops after a number of records.
    func flows(recordsMax: Int) throws(WALError) -> (table: JournalTable, isWhole: Bool) {
        var table = JournalTable()
        guard let cursor = try log.cursors[JournalTable.cursor] else { return (table, true) }
        let reader = log.reader(from: cursor.next)
        for _ in 0..<recordsMax {
            guard try reader.next({ table.apply($0.payload) }, gap: { _ in }) != nil else { return (table, true) }
        }
        return (table, false)
    }
}

/// The newest dead letters beside a log, with the beginnings of their payloads. Each call reads the letters that are
/// new.
private struct KeptLetters {
    private(set) var counts: [String: UInt64] = [:]
    /// The newest letters, from the oldest to the newest.
    private(set) var rows: [LetterRow] = []
    /// The first damage that was found.
    private(set) var damage: WALError?
    private var reader: DeadLetterReader?
    private let decoder: RowDecoder

    /// The largest number of letters, which limits the memory to about 10 MiB.
    private static let rowsMax = 10_000

    init(_ decoder: RowDecoder) { self.decoder = decoder }

    mutating func read(_ directory: String) throws(WALError) {
        if reader == nil {
            let new = try DeadLetterReader(logDirectory: directory)
            // Without dead letters there is no log to read from. The next call looks for the log again.
            guard new.hasLog else { return }
            reader = new
        }
        while let letter = try next() {
            counts[letter.sink, default: 0] += 1
            rows.append(LetterRow(letter, decoder))
            if rows.count > Self.rowsMax { rows.removeFirst(Self.rowsMax / 10) }
        }
        if reader?.isOutdated ?? false {
            // Letters that were counted have been removed from the log.
            self = KeptLetters(decoder)
            try read(directory)
        }
    }

    /// Returns the next letter, also after damage. A reader reports a damage once.
    private mutating func next() throws(WALError) -> DeadLetterRecord? {
        while true {
            do throws(WALError) {
                return try reader?.next()
            } catch {
                guard error.code == .corrupted || error.gap != nil else { throw error }
                if error.code == .corrupted { damage = damage ?? error }
                // Without a gap, the reader may not have passed the damage.
                if error.gap == nil { return nil }
            }
        }
    }
}
