#if SQLite
    public import WAL
    public import WALTasks

    // The protocol documents the functions.
    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    extension SQLiteTaskStore: TaskStorage {
        public func save(_ task: PersistentTask) async throws(SQLiteError) {
            try await commit([.save(task)])
        }

        public func save(_ tasks: [PersistentTask]) async throws(SQLiteError) {
            try await commit(tasks.map(TaskMutation.save))
        }

        public func task(id: String) async throws(SQLiteError) -> PersistentTask? {
            try await read { (session) throws(SQLiteError) in try session.task(id: id) }
        }

        public func tasks(dagID: String, limit: Int, offset: Int) async throws(SQLiteError) -> [PersistentTask] {
            try checkPage(limit, offset)
            return try await read { (session) throws(SQLiteError) in
                try session.tasks(dagID: dagID, limit: limit, offset: offset)
            }
        }

        public func tasks(status: TaskStatus, limit: Int, offset: Int) async throws(SQLiteError) -> [PersistentTask] {
            try checkPage(limit, offset)
            return try await read { (session) throws(SQLiteError) in
                try session.tasks(status: status, limit: limit, offset: offset)
            }
        }

        public func pendingTasks(limit: Int) async throws(SQLiteError) -> [PersistentTask] {
            try checkPage(limit, 0)
            return try await read { (session) throws(SQLiteError) in try session.pendingTasks(limit: limit) }
        }

        public func resumableTasks(dagID: String) async throws(SQLiteError) -> [PersistentTask] {
            try await read { (session) throws(SQLiteError) in try session.resumableTasks(dagID: dagID) }
        }

        public func updateStatus(
            id: String, to status: TaskStatus, error: String?, at time: Timestamp
        ) async throws(SQLiteError) {
            try await commit([.updateStatus(id: id, status: status, error: error, time: time)])
        }

        public func deleteTask(id: String) async throws(SQLiteError) {
            try await commit([.delete(id: id)])
        }

        public func deleteTasks(dagID: String) async throws(SQLiteError) {
            try await commit([.deleteDAG(id: dagID)])
        }

        public func log(_ activity: TaskActivityLog) async throws(SQLiteError) {
            try await commit([.log(activity)])
        }

        public func activities(taskID: String, limit: Int, offset: Int) async throws(SQLiteError) -> [TaskActivityLog] {
            try checkPage(limit, offset)
            return try await read { (session) throws(SQLiteError) in
                try session.activities(taskID: taskID, limit: limit, offset: offset)
            }
        }

        public func activities(dagID: String, limit: Int, offset: Int) async throws(SQLiteError) -> [TaskActivityLog] {
            try checkPage(limit, offset)
            return try await read { (session) throws(SQLiteError) in
                try session.activities(dagID: dagID, limit: limit, offset: offset)
            }
        }

        public func removeTasks(endedBefore time: Timestamp) async throws(SQLiteError) {
            try await commit([.removeTasks(endedBefore: time)])
        }

        public func removeActivities(createdBefore time: Timestamp) async throws(SQLiteError) {
            try await commit([.removeActivities(createdBefore: time)])
        }

        public func ping() async throws(SQLiteError) {
            try await read { (session) throws(SQLiteError) in try session.ping() }
        }

        public func close() async throws(SQLiteError) {
            // The writer last: the last connection folds the database's own log into its file.
            try await reader.close()
            try await writer.close()
        }

        private func commit(_ mutations: [TaskMutation]) async throws(SQLiteError) {
            for mutation in mutations {
                do throws(TaskStorageError) {
                    try mutation.validate()
                } catch {
                    throw SQLiteError(.invalidArgument, error.message)
                }
            }
            try await write { (session) throws(SQLiteError) in try session.commit(mutations) }
        }

        /// SQLite takes a negative limit for none.
        func checkPage(_ limit: Int, _ offset: Int) throws(SQLiteError) {
            guard limit >= 0, offset >= 0 else {
                throw SQLiteError(.invalidArgument, "limit \(limit) or offset \(offset) is negative")
            }
        }
    }
#endif
