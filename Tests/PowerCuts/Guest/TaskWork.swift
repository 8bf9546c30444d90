import WAL
import WALSQLite
import WALTasks

#if SQLite
    /// Saves tasks through the buffer into SQLite on the same disk.
    ///
    /// Four workers have eight tasks each. Each version of a task comes with an activity, which must exist once.
    struct TaskWork {
        var work: Work

        func run() async throws {
            let storage = try await Self.open(work.directory, seed: work.seed)
            SerialLine.say("O 0")
            markDisk()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask { try await save(storage, worker) }
                }
                try await group.next()
            }
        }

        static func open(_ directory: String, seed: UInt64) async throws -> BufferedTaskStorage<SQLiteTaskStore> {
            try await .sqlite(
                directory + "/tasks.db", log: directory + "/log",
                configuration: Workload.tasks.bufferConfiguration(seed: seed))
        }

        private func save(_ storage: BufferedTaskStorage<SQLiteTaskStore>, _ worker: Int) async throws {
            let mine = (0..<8).map { worker * 8 + $0 }
            var versions: [Int] = []
            for task in mine { versions.append(try await storage.task(id: "task-\(task)").map(Self.version) ?? 0) }
            for round in 0... {
                let at = round % mine.count
                versions[at] += 1
                let (task, version) = (mine[at], versions[at])
                let activity = TaskActivityLog(
                    id: Self.activityID(task, version, work.boot), taskID: "task-\(task)", dagID: "dag", nodeID: "node",
                    action: "saved")
                try await storage.save(Self.task(task, version, boot: work.boot))
                try await storage.log(activity)
                SerialLine.say("K \(task) \(version) \(work.boot)")
            }
        }

        static func activityID(_ task: Int, _ version: Int, _ boot: UInt64) -> String { "\(task)-\(version)-\(boot)" }

        static func task(_ task: Int, _ version: Int, boot: UInt64) -> PersistentTask {
            PersistentTask(
                id: "task-\(task)", dagID: "dag", nodeID: "node", processingState: "\(boot)",
                payload: #"{"version":\#(version)}"#, status: .running, priority: Int32(version))
        }

        static func version(_ task: PersistentTask) -> Int { Int(task.priority) }
    }
#else
    struct TaskWork {
        var work: Work
        func run() async throws { throw WALError(.invalidArgument, "Built without the trait SQLite.") }
    }
#endif
