import WAL

/// Uses a log until the disk is gone.
struct Work {
    var workload: Workload
    var directory: String
    var boot: UInt64
    var seed: UInt64

    func run() async throws {
        markDisk()
        if workload == .tasks { return try await TaskWork(work: self).run() }
        let log = try await WriteAheadLog.open(
            at: directory + "/log", configuration: workload.configuration(seed: seed))
        SerialLine.say("O \(spokenFor(log.recovery))")
        markDisk()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for append in 0... { try await step(log, worker, append) }
                }
            }
            if workload == .interval || workload == .retention {
                group.addTask {
                    var reported: SequenceNumber = 0
                    while true {
                        try await Task.sleep(for: .milliseconds(2))
                        let durable = log.durableSequence
                        if durable > reported { SerialLine.say("D \(durable)") }
                        reported = durable
                    }
                }
            }
            try await group.next()
        }
    }

    /// The highest number that an opening has seen, in records or in dropped ones.
    private func spokenFor(_ report: RecoveryReport) -> UInt64 {
        report.findings.compactMap(\.sequences?.upperBound.rawValue).max() ?? 0
    }

    private func step(_ log: WriteAheadLog, _ worker: Int, _ append: Int) async throws {
        let number = Payload.number(boot: boot, worker: worker, append: append)
        switch workload {
        case .batches:
            let count = 1 + append * 7 % 40
            var batch = RecordBatch()
            for index in 0..<count { batch.append(Payload(number: number, index: index, count: count).bytes) }
            let bookmark = Bookmark(name: "worker-\(worker)", position: number)
            let sequence = try await log.append(batch, bookmark: bookmark)
            SerialLine.say("A \(sequence) \(number) \(count)\nD \(sequence)")
        case .always:
            let sequence = try await log.append(Payload(number: number).bytes)
            SerialLine.say("A \(sequence) \(number) 1\nD \(sequence)")
        default:
            let sequence = try await log.append(Payload(number: number).bytes)
            SerialLine.say("A \(sequence) \(number) 1")
            if workload == .retention, worker == 0, append % 50 == 49, sequence > 300 {
                let passed = SequenceNumber(rawValue: sequence.rawValue - 300)
                SerialLine.say("C \(passed)")
                try log.setCursor("reader", to: passed)
            }
        }
    }
}
