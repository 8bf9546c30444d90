import WAL
import WALSQLite
import WALTasks

#if SQLite
    /// Delivers the remaining records, and compares the store with the durable versions of the reports.
    struct TaskCheck {
        var directory: String
        var seed: UInt64
        var tasks: [Int: [(version: Int, boot: UInt64)]]

        func run() async throws -> [String] {
            let storage = try await TaskWork.open(directory, seed: seed)
            var findings: [String] = []
            if storage.writeAheadLog.recovery.isDamaged {
                findings.append("DAMAGE opening: \(storage.writeAheadLog.recovery.findings)")
            }
            try await storage.drain()
            for (task, versions) in tasks {
                guard let last = versions.max(by: { $0.version < $1.version }) else { continue }
                let found = try await storage.store.task(id: "task-\(task)")
                let version = found.map(TaskWork.version) ?? 0
                if version < last.version || version == last.version && found?.processingState != "\(last.boot)" {
                    findings.append("LOSS task \(task) is at \(version), and was durable at \(last.version)")
                }
                var ids: Set<String> = []
                while true {
                    let page = try await storage.store.activities(
                        taskID: "task-\(task)", limit: 1000, offset: ids.count)
                    let before = ids.count
                    ids.formUnion(page.map(\.id))
                    if ids.count - before < page.count {
                        findings.append("LOSS an activity of task \(task) exists twice")
                    }
                    if page.count < 1000 { break }
                }
                for one in versions where !ids.contains(TaskWork.activityID(task, one.version, one.boot)) {
                    findings.append("LOSS the activity of task \(task), version \(one.version)")
                }
            }
            try await storage.close()
            return findings
        }
    }
#else
    struct TaskCheck {
        var directory: String
        var seed: UInt64
        var tasks: [Int: [(version: Int, boot: UInt64)]]
        func run() async throws -> [String] { throw WALError(.invalidArgument, "Built without the trait SQLite.") }
    }
#endif
