import Foundation
import Synchronization
import Testing
import WALTasks

@testable import WAL

/// A task buffer on a real disk that is full.
@Suite(.serialized, .enabled(if: LoopDisk.isPossible, "needs root and loop devices"), .timeLimit(.minutes(5)))
struct BufferOnFullDiskTests {
    private static var configuration: TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 256 << 10
        configuration.whenFull = .fail
        configuration.drainTimeout = .seconds(20)
        return configuration
    }

    /// An order was stored once without the activity that said who placed it: the disk was full between the two.
    @Test func whatBelongsTogetherIsThereTogether() async throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        let storage = try await BufferedTaskStorage.memory(at: disk.path + "/log", configuration: Self.configuration)
        let payload = "\"\(String(repeating: "x", count: 3000))\""
        var acknowledged = 0
        var refusals = 0
        for number in 0..<100_000 where refusals < 20 {
            let task = PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n", payload: payload)
            let activity = TaskActivityLog(
                id: "a\(number)", taskID: task.id, dagID: "d", nodeID: "n", action: "placed", data: payload)
            do throws(TaskStorageError) {
                try await storage.apply([.save(task), .log(activity)])
                acknowledged += 1
            } catch {
                #expect((error.cause as? WALError)?.code == .diskFull)
                refusals += 1
            }
        }
        #expect(refusals == 20, "the disk wasn't full")
        try await storage.drain()
        let tasks = try await storage.store.tasks(dagID: "d", limit: .max, offset: 0).map(\.id)
        let activities = try await storage.store.activities(dagID: "d", limit: .max, offset: 0).map(\.taskID)
        #expect(tasks.count == acknowledged)
        #expect(Set(tasks) == Set(activities))
        // On the full disk, too, an ending is in order.
        #expect(try await storage.close() == 0)
    }
}
