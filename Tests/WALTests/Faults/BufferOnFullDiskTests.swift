import Foundation
import Synchronization
import TestSupport
import Testing
import WALTasks

@testable import WAL

/// A task buffer on a real, full disk.
@Suite(.serialized, .enabled(if: LoopDisk.isPossible, "needs root and loop devices"), .timeLimit(.minutes(30)))
struct BufferOnFullDiskTests {
    private static var configuration: TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 256 << 10
        configuration.whenFull = .fail
        configuration.drainTimeout = .seconds(20)
        return configuration
    }

    /// An order must not be stored without the activity that names its customer, although the disk is full between the two.
    @Test func whatBelongsTogetherIsThereTogether() async throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        let storage = try await BufferedTaskStorage.memory(log: disk.path + "/log", configuration: Self.configuration)
        // Random digits: data that compresses well would fill the disk slowly.
        let digits = (0..<3000).map { _ in String(Int.random(in: 0..<36), radix: 36) }
        let payload = "\"\(digits.joined())\""
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
        // Closing succeeds on a full disk, too.
        #expect(try await storage.close() == 0)
    }

    /// Saves until one is refused.
    private func saveUntilRefused(_ storage: BufferedTaskStorage<MemoryTaskStore>) async throws {
        let payload = "\"\(String(repeating: "x", count: 3000))\""
        for number in 0..<100_000 {
            do {
                try await storage.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n", payload: payload))
            } catch { return }
        }
        Issue.record("nothing was refused")
    }

    /// A probe keeps requests away from a service with a full disk. It must see when there is space again although no change is
    /// saved, and the log must report the change once, not at each attempt.
    @Test func healthSaysThatTheDiskIsFullAndWhenItIsNot() async throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        let ballast = disk.path + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: 2 << 20)))
        let recording = RecordingLog()
        let storage = try await BufferedTaskStorage.memory(
            log: disk.path + "/log", configuration: Self.configuration, logger: recording.logger)
        #expect(storage.health.isAccepting)
        try await saveUntilRefused(storage)
        // A late seal gives space back.
        try await storage.writeAheadLog.untilSealed()
        try await saveUntilRefused(storage)
        #expect(storage.health.refusal?.reason == .diskFull)
        #expect(storage.health.isDelivering)
        for _ in 0..<100 {
            await #expect(throws: TaskStorageError.self) {
                try await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "n"))
            }
        }
        func lines(_ text: String) -> Int { recording.messages.all.count { $0.text == text } }
        // The log gives back the unused space of the last segments, which may suffice for one more.
        #expect((1...3).contains(lines("no segment could be prepared: the disk is full")))
        try FileManager.default.removeItem(atPath: ballast)
        try await eventually { storage.health.isAccepting }
        try await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "n"))
        try await eventually {
            lines("the disk has space again") == lines("no segment could be prepared: the disk is full")
        }
        #expect(try await storage.close() == 0)
        #expect(storage.health.refusal?.reason == .closed)
    }
}
