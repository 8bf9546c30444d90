import Foundation
import Synchronization
import TestSupport
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
        let storage = try await BufferedTaskStorage.memory(log: disk.path + "/log", configuration: Self.configuration)
        // Random: what LZ4 makes small would take long to fill the disk.
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
        // On the full disk, too, an ending is in order.
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

    private func wait(until isSo: () throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try !isSo(), .now < end { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try isSo())
    }

    /// A probe that keeps requests away from a service with a full disk must see when there is space again, though nobody saves
    /// meanwhile; and the log says so once, not with each try.
    @Test func healthSaysThatTheDiskIsFullAndWhenItIsNot() async throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        let ballast = disk.path + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: 2 << 20)))
        let recording = RecordingLog()
        let storage = try await BufferedTaskStorage.memory(
            log: disk.path + "/log", configuration: Self.configuration, logger: recording.logger)
        #expect(storage.health.isAccepting)
        try await saveUntilRefused(storage)
        #expect(storage.health.refusal?.reason == .diskFull)
        #expect(storage.health.isDelivering)
        for _ in 0..<100 {
            await #expect(throws: TaskStorageError.self) {
                try await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "n"))
            }
        }
        func lines(_ text: String) -> Int { recording.messages.all.count { $0.text == text } }
        // What the last segments don't use is given back, and may do for one more.
        #expect((1...3).contains(lines("no segment could be prepared: the disk is full")))
        try FileManager.default.removeItem(atPath: ballast)
        try await wait { storage.health.isAccepting }
        try await storage.save(PersistentTask(id: "t", dagID: "d", nodeID: "n"))
        try await wait {
            lines("the disk has space again") == lines("no segment could be prepared: the disk is full")
        }
        #expect(try await storage.close() == 0)
        #expect(storage.health.refusal?.reason == .closed)
    }
}
