import WAL
import WALTasks

/// Checks the rules for a power cut: no durable record is lost, no record appears that was never appended, nothing looks like
/// damage, the log continues, and no number is given again.
struct Check {
    var workload: Workload
    var directory: String
    var seed: UInt64
    var reports: Reports
    private(set) var findings: [String] = []

    init(workload: Workload, directory: String, seed: UInt64, reports: Reports) {
        (self.workload, self.directory, self.seed, self.reports) = (workload, directory, seed, reports)
        findings = reports.findings
    }

    private var log: String { directory + "/log" }

    mutating func run() async throws {
        do {
            let report = try await Verification.verify(at: log)
            if report.isDamaged { findings.append("DAMAGE verify: \(report.findings)") }
        } catch {
            // Before the first record is durable, there may be no log.
            let isOwed = !reports.required.isEmpty || !reports.tasks.isEmpty
            if isOwed || error.code != .notALogDirectory { findings.append("LOSS verify: \(error)") }
        }
        if workload == .tasks {
            findings += try await TaskCheck(directory: directory, seed: seed, tasks: reports.tasks).run()
        }
        try checkOpening()
    }

    private mutating func checkOpening() throws {
        let configuration = workload.configuration(seed: seed)
        let log = try WriteAheadLog.openBlocking(at: log, configuration: configuration)
        if log.recovery.isDamaged { findings.append("DAMAGE opening: \(log.recovery.findings)") }
        let dropped = log.recovery.findings.compactMap(\.sequences?.upperBound.rawValue).max() ?? 0
        if workload != .tasks { try compare(log) }
        let last = log.lastSequence.rawValue
        let next = try log.appendBlocking([0])
        let floor = max(last, dropped, reports.spokenFor)
        if next.rawValue <= floor { findings.append("LOSS number \(next) was given again; \(floor) was seen before") }
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: self.log, configuration: configuration)
        if !again.recovery.findings.isEmpty { findings.append("DAMAGE second opening: \(again.recovery.findings)") }
        try again.closeBlocking()
    }

    /// Reads all records, and compares them with the reports.
    private mutating func compare(_ log: WriteAheadLog) throws {
        var found: [UInt64: Payload] = [:]
        var last: UInt64 = 0
        let reader = log.reader()
        while let record = try reader.next() {
            let sequence = record.sequence.rawValue
            if sequence <= last { findings.append("LOSS \(sequence) comes after \(last)") }
            last = max(last, sequence)
            found[sequence] = Payload(record.payload)
            if found[sequence] == nil { findings.append("LOSS \(sequence) has bytes that were never appended") }
        }
        for (sequence, payload) in found where payload.count > 1 {
            // Both neighbors in the batch must exist, so that the whole batch does.
            let before = payload.index == 0 || found[sequence - 1].map { $0.number == payload.number } ?? false
            let after =
                payload.index + 1 == payload.count || found[sequence + 1].map { $0.number == payload.number } ?? false
            if !before || !after { findings.append("LOSS the batch of \(sequence) is incomplete") }
        }
        for (sequence, payload) in reports.required where sequence > reports.removable {
            let actual = found[sequence]
            if actual?.number != payload.number || actual.map({ Int($0.index) }) != payload.index {
                findings.append(
                    "LOSS \(sequence) was durable as \(payload), and is \(actual.map { "\($0.number)" } ?? "gone")")
            }
        }
        if workload == .batches {
            for worker in 0..<4 {
                let numbers = reports.required.values.map(\.number).filter { $0 >> 40 & 255 == UInt64(worker) }
                let position = log.bookmarks["worker-\(worker)"]?.position ?? 0
                if position < numbers.max() ?? 0 {
                    findings.append("LOSS bookmark of worker \(worker) is at \(position)")
                }
            }
        }
    }
}
