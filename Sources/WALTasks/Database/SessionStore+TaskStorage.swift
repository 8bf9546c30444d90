public import WAL

// The protocol documents the functions.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SessionStore {
    public func save(_ task: PersistentTask) async throws(StoreError) {
        try await commit([.save(task)])
    }

    public func save(_ tasks: [PersistentTask]) async throws(StoreError) {
        try await commit(tasks.map(TaskMutation.save))
    }

    public func task(id: String) async throws(StoreError) -> PersistentTask? {
        try await sessions.pools.query { (session) throws(StoreError) in try session.task(id: id) }
    }

    public func tasks(dagID: String, limit: Int, offset: Int) async throws(StoreError) -> [PersistentTask] {
        try checkPage(limit, offset)
        return try await sessions.pools.query { (session) throws(StoreError) in
            try session.tasks(dagID: dagID, limit: limit, offset: offset)
        }
    }

    public func tasks(status: TaskStatus, limit: Int, offset: Int) async throws(StoreError) -> [PersistentTask] {
        try checkPage(limit, offset)
        return try await sessions.pools.query { (session) throws(StoreError) in
            try session.tasks(status: status, limit: limit, offset: offset)
        }
    }

    public func pendingTasks(limit: Int) async throws(StoreError) -> [PersistentTask] {
        try checkPage(limit)
        return try await sessions.pools.query { (session) throws(StoreError) in try session.pendingTasks(limit: limit) }
    }

    public func resumableTasks(dagID: String) async throws(StoreError) -> [PersistentTask] {
        try await sessions.pools.query { (session) throws(StoreError) in try session.resumableTasks(dagID: dagID) }
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
        return try await sessions.pools.query { (session) throws(StoreError) in
            try session.activities(taskID: taskID, limit: limit, offset: offset)
        }
    }

    public func activities(dagID: String, limit: Int, offset: Int) async throws(StoreError) -> [TaskActivityLog] {
        try checkPage(limit, offset)
        return try await sessions.pools.query { (session) throws(StoreError) in
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
        try await sessions.pools.query { (session) throws(StoreError) in try session.ping() }
    }

    public func close() async throws(StoreError) {
        try await sessions.pools.close()
    }

    private func commit(_ mutations: [TaskMutation]) async throws(StoreError) {
        for mutation in mutations {
            do throws(TaskStorageError) {
                try mutation.validate()
            } catch {
                throw StoreError(.invalidArgument, error.message, server: sessions.pools.server)
            }
        }
        try await sessions.pools.change { (session) throws(StoreError) in try session.commit(mutations) }
    }
}
