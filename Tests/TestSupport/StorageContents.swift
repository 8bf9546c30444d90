internal import WAL
package import WALTasks

/// The results of all queries of a storage about the tasks and graphs of ``RandomMutations``.
package struct StorageContents: Equatable {
    package var tasks: [PersistentTask?] = []
    package var lists: [[PersistentTask]] = []
    package var activities: [[TaskActivityLog]] = []

    package init(of storage: some TaskStorage, pages: [(limit: Int, offset: Int)] = [(1000, 0)]) async throws {
        for id in RandomMutations.taskIDs {
            tasks.append(try await storage.task(id: id))
            for page in pages {
                activities.append(try await storage.activities(taskID: id, limit: page.limit, offset: page.offset))
            }
        }
        for dag in RandomMutations.dagIDs {
            lists.append(try await storage.resumableTasks(dagID: dag))
            for page in pages {
                lists.append(try await storage.tasks(dagID: dag, limit: page.limit, offset: page.offset))
            }
        }
        for status in TaskStatus.allCases {
            for page in pages {
                lists.append(try await storage.tasks(status: status, limit: page.limit, offset: page.offset))
            }
        }
        for page in pages {
            lists.append(try await storage.pendingTasks(limit: page.limit))
            activities.append(try await storage.activities(dagID: "dag-1", limit: page.limit, offset: page.offset))
        }
    }
}
