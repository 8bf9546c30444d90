import WAL
import WALMonitor

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The examination of a log's files and published status by `wal doctor`.
struct LogExamination {
    private(set) var items: [LogCheck.Item] = []
    private let log: ReadOnlyLog
    private let snapshot: LogSnapshot

    /// The number of records at the end of the log whose times are compared.
    private static let timesCount: UInt64 = 10_000
    /// The number of bytes that a cursor may keep without a warning.
    private static let keptMax: UInt64 = 1 << 30

    init(_ log: ReadOnlyLog, _ snapshot: LogSnapshot) throws {
        self.log = log
        self.snapshot = snapshot
        items += LogCheck(snapshot).items
        examineLock()
        examineStorage()
        examineCursors()
        examineDeadLetters()
        try examineFormat()
        examineDamaged()
        try examineTimes()
    }

    private mutating func examineLock() {
        let holder = LockHolder.process(of: log.directory)
        switch (holder, snapshot.isUp) {
        case (let holder?, true) where holder == Int(snapshot.status.process):
            add("lock", .ok, "process \(holder) holds the lock and publishes the status")
        case (let holder?, true):
            add("lock", .ok, "process \(holder) holds the lock, and is \(snapshot.status.process) in its own container")
        case (let holder?, false):
            add(
                "lock", .warning, "process \(holder) holds the lock and publishes no status",
                next: "find out whether it hangs (kill -ABRT \(holder) leaves a core), or has publishesStatus off")
        case (nil, true): add("lock", .ok, "the writer runs in another container")
        case (nil, false): add("lock", .ok, "no process holds the lock")
        }
    }

    private mutating func examineStorage() {
        // A log may have been moved after its writer closed it. But only the writer has timed its syncs, and can call
        // the storage doubtful.
        let published = snapshot.status.storage
        let storage = published.durability == .doubtful ? published : log.storage
        switch storage.durability {
        case .powerLoss: add("storage", .ok, storage.explanation)
        case .processCrash, .container, .unknown, .doubtful:
            add("storage", .warning, storage.explanation, next: "use a disk that survives what the log must survive")
        }
        let dangerous = (storage.mountOptions ?? "").split(separator: ",").filter {
            ["nobarrier", "barrier=0", "data=writeback"].contains($0)
        }
        guard !dangerous.isEmpty else { return }
        add(
            "mount", .critical, "mounted with \(dangerous.joined(separator: ", "))",
            next: "mount the file system without it: a loss of power can damage the log")
    }

    private mutating func examineCursors() {
        for cursor in snapshot.status.cursors where cursor.lagBytes > Self.keptMax {
            add(
                "cursor", .warning, "\(cursor.name) keeps \(Table.bytes(cursor.lagBytes))",
                next:
                    "let its consumer catch up, or stop the service and remove the cursor: wal cursors DIR --remove NAME"
            )
        }
    }

    private mutating func examineDeadLetters() {
        for (sink, count) in snapshot.keptDeadLetters.sorted(by: { $0.key < $1.key }) {
            add(
                "dead_letters", .warning, "\(count) records that \(sink) rejected are kept beside the log",
                next: "wal dead-letters DIR; the program with the sink redrives them (tasks: --redrive --into STORE)")
        }
    }

    private mutating func examineFormat() throws {
        let segments = try log.segments
        let damaged = segments.filter { $0.state == .damaged }
        if damaged.isEmpty {
            add(
                "segments", .ok,
                "all \(segments.count) segments have a readable header, and new ones the format \(snapshot.status.format)"
            )
        } else {
            add(
                "segments", .critical, "\(damaged.count) of \(segments.count) segments have no readable header",
                next: "wal verify DIR, then restore a backup or wal repair DIR")
        }
    }

    private mutating func examineDamaged() {
        let folder = log.directory + "/damaged"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty else { return }
        let size = names.reduce(0) { sum, name in
            var info = stat()
            return stat("\(folder)/\(name)", &info) == 0 ? sum + Int(info.st_size) : sum
        }
        add(
            "damaged", .warning, "openings have set aside \(Table.bytes(size)) of damaged files",
            next: "keep them as evidence, or delete \(folder)")
    }

    /// Compares the times of the last records with each other and with the clock.
    private mutating func examineTimes() throws {
        let last = try log.lastSequence.rawValue
        let reader = log.reader(from: SequenceNumber(rawValue: last > Self.timesCount ? last - Self.timesCount : 1))
        var latest = Timestamp(rawValue: .min)
        var backward = 0
        while let time = try reader.next({ Optional($0.time) }, gap: { _ in nil }) {
            guard let time else { continue }
            if time < latest { backward += 1 }
            latest = max(latest, time)
        }
        if backward > 0 {
            add(
                "times", .warning, "\(backward) of the last records are older than a record before them",
                next: "let a time server set the clock; only reading by time depends on it")
        }
        if latest > .now + .seconds(5) {
            add(
                "times", .warning, "the last record is from \(latest), ahead of this machine's clock",
                next: "set the clock; only reading by time depends on it")
        }
    }

    private mutating func add(_ name: String, _ verdict: LogCheck.Verdict, _ text: String, next: String? = nil) {
        items.append(LogCheck.Item(name, verdict, text, next: next))
    }
}
