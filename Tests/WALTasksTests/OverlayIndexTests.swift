import Foundation
import Testing
import WAL

@testable import WALTasks

/// If an index missed a change, its caller's queries wouldn't see it until the store has it.
@Suite struct OverlayIndexTests {
    private static func places(_ count: Int, from first: UInt64) -> [(hash: UInt32, place: OverlayPlace)] {
        (0..<count).map { number in
            let sequence = first + UInt64(number)
            return (
                UInt32(sequence % 1000), OverlayPlace(sequence: sequence, kind: sequence % 3 == 0 ? .save : .activity)
            )
        }
    }

    private func index(in directory: String, count: Int) -> OverlayIndex {
        let index = OverlayIndex(directory: directory, after: 0)
        for first in stride(from: 1, through: count, by: 4096) {
            let places = Self.places(min(4096, count - first + 1), from: UInt64(first))
            index.add(places, through: places.last?.place.sequence ?? 0)
        }
        return index
    }

    @Test func findsWhatWasAdded() throws {
        let index = index(in: NSTemporaryDirectory(), count: 600_000)
        // 2^16 places in a file. Equal ones are merged.
        #expect(index.partCounts.runs <= 5 && index.partCounts.gaps == 0)
        #expect(index.end == 600_000)
        for hash: UInt32 in [0, 1, 500, 999] {
            let answer = index.places(of: hash, after: 70_000, through: 590_000)
            #expect(answer.gaps.isEmpty)
            let expected = (70_001...590_000).filter { UInt32($0 % 1000) == hash }
            #expect(answer.places.map(\.sequence) == expected.map(UInt64.init))
            #expect(answer.places.allSatisfy { ($0.kind == .save) == ($0.sequence % 3 == 0) })
        }
        #expect(index.places(of: 7, after: 0, through: 700_000).gaps == [600_001...700_000])
    }

    @Test func forgetsWhatWasDelivered() throws {
        let index = index(in: NSTemporaryDirectory(), count: 300_000)
        index.release(through: 290_000)
        #expect(index.places(of: 7, after: 290_000, through: 300_000).places.count == 10)
        index.release(through: 300_000)
        #expect(index.partCounts.runs == 0)
        #expect(index.places(of: 7, after: 300_000, through: 300_000).places.isEmpty)
        index.release(through: 400_000)
        #expect(index.end == 400_000)
        // The store has lost changes.
        #expect(index.places(of: 7, after: 350_000, through: 360_000).gaps == [350_001...360_000])
    }

    /// The store has all changes before the index has them. A query that waits for the index must not wait for its
    /// whole limit.
    @Test func deliveredChangesAreNotWaitedFor() async throws {
        let place = NSTemporaryDirectory() + "wal-index-\(UUID().uuidString)"
        let log = try await WriteAheadLog.open(at: place)
        for number in 0..<10 { try await log.append(TaskCodec.encode(.delete(id: "t\(number)"))) }
        let index = OverlayIndex(directory: NSTemporaryDirectory(), after: 0)
        let indexer = try OverlayIndexer(index, of: log, hasher: TaskIDHasher(), failed: { _ in }, applied: { 10 })
        await indexer.wait(for: 10, atMost: .seconds(60))
        #expect(index.end == 10)
        await Blocking.run { indexer.stop() }
        try await log.close()
        try? FileManager.default.removeItem(atPath: place)
    }

    /// On a full disk, the index returns the ranges without a file, so that they can be searched.
    @Test func namesWhatItHasNoRoomFor() throws {
        let index = index(in: "/nowhere", count: 200_000)
        #expect(index.partCounts.runs == 0 && index.partCounts.gaps == 1)
        let answer = index.places(of: 7, after: 0, through: 200_000)
        let found = Set(answer.places.map(\.sequence))
        let missing = (1...200_000).filter { UInt32($0 % 1000) == 7 && !found.contains($0) }
        #expect(!missing.isEmpty)
        #expect(missing.allSatisfy { number in answer.gaps.contains { $0.contains(number) } })
    }

    /// Reading a task that was saved thousands of times takes two records, whether the index has a file or none.
    @Test(arguments: [NSTemporaryDirectory(), "/nowhere"]) func findsATaskInTheLog(directory: String) throws {
        let place = NSTemporaryDirectory() + "wal-index-\(UUID().uuidString)"
        let log = try WriteAheadLog.openBlocking(at: place)
        defer {
            try? log.closeBlocking()
            try? FileManager.default.removeItem(atPath: place)
        }
        let hasher = TaskIDHasher()
        let index = OverlayIndex(directory: directory, after: 0)
        let count: UInt64 = 100_000
        var places: [(hash: UInt32, place: OverlayPlace)] = []
        for number in 1...count {
            let isWanted = number % 10 == 0
            var task = PersistentTask(id: isWanted ? "wanted" : "t\(number)", dagID: "d\(number)", nodeID: "n")
            task.retryCount = Int32(number)
            try TaskCodec.encode(.save(task)).withUnsafeBytes { _ = try log.appendBlocking(RawSpan(_unsafeBytes: $0)) }
            places.append(
                (OverlayKey.hash(hasher.hash(task.id)), OverlayPlace(sequence: number, kind: .save)))
            if places.count == 4000 || number == count {
                index.add(places, through: number)
                places = []
            }
        }
        let search = OverlayTaskSearch(
            taskID: "wanted", hash: hasher.hash("wanted"), part: .changes, lower: 0, upper: count, barrierUpper: count,
            isCut: false)
        let found = try search.run(index, hasher, OverlaySearch(log: log))
        #expect(directory == "/nowhere" ? found.count == 10_000 : found.count == 2)
        var snapshot = OverlaySnapshot()
        for logged in found { snapshot.add(logged) }
        let task = try #require(snapshot.resolve("wanted", from: nil))
        #expect(task.retryCount == Int32(count))
        #expect(task.dagID == "d10")
    }

    /// The index has 32 bits of a hash. A change of the other task stood for those between it and the first save.
    @Test(arguments: [TaskMutation.save(PersistentTask(id: "other", dagID: "d", nodeID: "n")), .delete(id: "other")])
    func aTaskWithTheSameHashHidesNothing(last: TaskMutation) throws {
        let place = NSTemporaryDirectory() + "wal-index-\(UUID().uuidString)"
        let log = try WriteAheadLog.openBlocking(at: place)
        defer {
            try? log.closeBlocking()
            try? FileManager.default.removeItem(atPath: place)
        }
        let mutations: [TaskMutation] = [
            .save(PersistentTask(id: "wanted", dagID: "d", nodeID: "n")),
            .updateStatus(id: "wanted", status: .completed, error: nil, time: .now), last,
        ]
        let hash: UInt64 = 7 << 32
        let index = OverlayIndex(directory: NSTemporaryDirectory(), after: 0)
        var places: [(hash: UInt32, place: OverlayPlace)] = []
        for (number, mutation) in mutations.enumerated() {
            try TaskCodec.encode(mutation).withUnsafeBytes { _ = try log.appendBlocking(RawSpan(_unsafeBytes: $0)) }
            places.append(
                (OverlayKey.hash(hash), OverlayPlace(sequence: UInt64(number + 1), kind: OverlayKind(mutation))))
        }
        index.add(places, through: 3)
        let search = OverlayTaskSearch(
            taskID: "wanted", hash: hash, part: .changes, lower: 0, upper: 3, barrierUpper: 3, isCut: false)
        var snapshot = OverlaySnapshot()
        for logged in try search.run(index, TaskIDHasher(), OverlaySearch(log: log)) { snapshot.add(logged) }
        #expect(snapshot.resolve("wanted", from: nil)?.status == .completed)
    }
}
