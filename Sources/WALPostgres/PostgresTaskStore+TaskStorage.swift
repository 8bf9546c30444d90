#if Postgres
    public import WAL
    public import WALTasks

    // The protocol documents the functions.
    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    extension PostgresTaskStore: TaskStorage {
        public func save(_ task: PersistentTask) async throws(StoreError) {
            try await commit([.save(task)])
        }

        public func save(_ tasks: [PersistentTask]) async throws(StoreError) {
            try await commit(tasks.map(TaskMutation.save))
        }

        public func task(id: String) async throws(StoreError) -> PersistentTask? {
            try await read { (session) throws(StoreError) in try session.task(id: id) }
        }

        public func tasks(dagID: String, limit: Int, offset: Int) async throws(StoreError) -> [PersistentTask] {
            try checkPage(limit, offset)
            return try await read { (session) throws(StoreError) in
                try session.tasks(dagID: dagID, limit: limit, offset: offset)
            }
        }

        public func tasks(status: TaskStatus, limit: Int, offset: Int) async throws(StoreError) -> [PersistentTask] {
            try checkPage(limit, offset)
            return try await read { (session) throws(StoreError) in
                try session.tasks(status: status, limit: limit, offset: offset)
            }
        }

        public func pendingTasks(limit: Int) async throws(StoreError) -> [PersistentTask] {
            try checkPage(limit, 0)
            return try await read { (session) throws(StoreError) in try session.pendingTasks(limit: limit) }
        }

        public func resumableTasks(dagID: String) async throws(StoreError) -> [PersistentTask] {
            try await read { (session) throws(StoreError) in try session.resumableTasks(dagID: dagID) }
        }

        public func updateStatus(
            id: String, to status: TaskStatus, error: String?, at time: Timestamp
        ) async throws(StoreError) {
            try await commit([.updateStatus(id: id, status: status, error: error, time: time)])
        }

        public func deleteTask(id: String) async throws(StoreError) {
            try await commit([.delete(id: id)])
        }

        public func deleteTasks(dagID: String) async throws(StoreError) {
            try await commit([.deleteDAG(id: dagID)])
        }

        public func log(_ activity: TaskActivityLog) async throws(StoreError) {
            try await commit([.log(activity)])
        }

        public func activities(taskID: String, limit: Int, offset: Int) async throws(StoreError) -> [TaskActivityLog] {
            try checkPage(limit, offset)
            return try await read { (session) throws(StoreError) in
                try session.activities(taskID: taskID, limit: limit, offset: offset)
            }
        }

        public func activities(dagID: String, limit: Int, offset: Int) async throws(StoreError) -> [TaskActivityLog] {
            try checkPage(limit, offset)
            return try await read { (session) throws(StoreError) in
                try session.activities(dagID: dagID, limit: limit, offset: offset)
            }
        }

        public func removeTasks(endedBefore time: Timestamp) async throws(StoreError) {
            try await commit([.removeTasks(endedBefore: time)])
        }

        public func removeActivities(createdBefore time: Timestamp) async throws(StoreError) {
            try await commit([.removeActivities(createdBefore: time)])
        }

        public func ping() async throws(StoreError) {
            try await read { (session) throws(StoreError) in try session.ping() }
        }

        public func close() async throws(StoreError) {
            try await readers.close()
            try await writers.close()
        }

        private func commit(_ mutations: [TaskMutation]) async throws(StoreError) {
            for mutation in mutations {
                do throws(TaskStorageError) {
                    try mutation.validate()
                } catch {
                    throw StoreError(.invalidArgument, error.message)
                }
            }
            try await write { (session) throws(StoreError) in try session.commit(mutations) }
        }

        /// Refused here: the server would call it a row's fault.
        func checkPage(_ limit: Int, _ offset: Int) throws(StoreError) {
            guard limit >= 0, offset >= 0 else {
                throw StoreError(.invalidArgument, "limit \(limit) or offset \(offset) is negative")
            }
        }
    }
#endif
