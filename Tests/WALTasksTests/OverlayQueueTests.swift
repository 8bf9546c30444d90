import TestSupport
import Testing
import WAL
import WALTesting

@testable import WALTasks

@Suite struct OverlayQueueTests {
    private struct Added {
        var sequence: SequenceNumber
        var mutation: TaskMutation
        var hash: UInt64
    }

    private func add(_ added: Added, to queue: inout OverlayQueue) {
        let encoded = TaskCodec.encode(added.mutation)
        let reservation = queue.reserve(encoded.count, hash: added.hash)
        reservation.buffer.copyBytes(from: encoded)
        queue.commit(reservation, OverlayKind(added.mutation), at: added.sequence)
    }

    private func contents(_ copy: OverlayCopy) -> [UInt64: TaskMutation] {
        var found: [UInt64: TaskMutation] = [:]
        copy.forEach { found[$0.sequence.rawValue] = $0.mutation }
        return found
    }

    private func expected(_ list: some Sequence<Added>, _ part: OverlayPart) -> [UInt64: TaskMutation] {
        Dictionary(
            uniqueKeysWithValues: list.filter { part.includes(OverlayKind($0.mutation)) }.map {
                ($0.sequence.rawValue, $0.mutation)
            })
    }

    /// Compares with a plain list: adding, removing from the front, and reading, in any order, with an empty, a full, a large and
    /// a small queue. There are few hashes, and some share a bucket.
    @Test(arguments: 0..<Cases.count(2, long: 20))
    func holdsWhatAListHolds(seed: Int) {
        var random = RandomMutations(seed: UInt64(seed))
        var queue = OverlayQueue()
        var list: ArraySlice<Added> = []
        var last: UInt64 = 0
        for round in 0..<400 {
            let isGrowing = round / 50 % 2 == 0
            for _ in 0..<Int.random(in: 0...(isGrowing ? 30 : 5), using: &random.generator) {
                last += UInt64.random(in: 1...3, using: &random.generator)
                let id = Int.random(in: 0..<12, using: &random.generator)
                let payload = String(repeating: "x", count: Int.random(in: 0...900, using: &random.generator))
                let mutation: TaskMutation =
                    switch id % 3 {
                    case 0:
                        .log(
                            TaskActivityLog(id: "a\(last)", taskID: "t\(id)", dagID: "d", nodeID: "n", action: payload))
                    default: .updateStatus(id: "t\(id)", status: .running, error: payload, time: .now)
                    }
                let added = Added(
                    sequence: SequenceNumber(rawValue: last), mutation: mutation, hash: UInt64(id) << 32 | 5)
                add(added, to: &queue)
                list.append(added)
            }
            let applied = SequenceNumber(rawValue: UInt64.random(in: last / 2...last, using: &random.generator))
            if Bool.random(using: &random.generator) {
                queue.prune(through: applied)
                list = list.drop { $0.sequence <= applied }
            } else {
                queue.prune(through: applied, atMost: 3)
                list = list.dropFirst(list.prefix(3).prefix { $0.sequence <= applied }.count)
            }
            #expect(queue.isEmpty == list.isEmpty)
            let wrong = (0..<12).filter { id in
                let hash = UInt64(id) << 32 | 5
                let own = list.filter { $0.hash == hash }
                return contents(queue.copy(.activities, of: "t\(id)", hash: hash)) != expected(own, .activities)
                    || contents(queue.copy(.changes, of: "t\(id)", hash: hash)) != expected(own, .changes)
            }
            #expect(wrong.isEmpty)
        }
    }

    /// A deletion hides the earlier changes of its own task alone.
    @Test func aDeletionOfATaskWithTheSameHashHidesNothing() {
        var queue = OverlayQueue()
        let mutations: [TaskMutation] = [
            .save(PersistentTask(id: "a", dagID: "d", nodeID: "n", createdAt: .now)), .delete(id: "b"),
            .delete(id: "a"), .updateStatus(id: "a", status: .running, error: nil, time: .now),
        ]
        for (number, mutation) in mutations.enumerated() {
            add(
                Added(sequence: SequenceNumber(rawValue: UInt64(number + 1)), mutation: mutation, hash: 7 << 32),
                to: &queue)
        }
        #expect(queue.copy(.changes, of: "a", hash: 7 << 32).ends.map(\.sequence) == [3, 4])
        #expect(queue.copy(.changes, of: "a", hash: 7 << 32).leadingDelete == 3)
        #expect(queue.copy(.changes, of: "b", hash: 7 << 32).leadingDelete == 2)
        #expect(queue.copy(.changes, of: "c", hash: 7 << 32).ends.map(\.sequence) == [1, 2, 3, 4])
    }

    /// A mutation that is larger than a chunk has a chunk of its own.
    @Test func takesLargeMutations() {
        var queue = OverlayQueue()
        let list = [10, 100_000, 20, 16_300, 200].enumerated().map { number, size in
            Added(
                sequence: SequenceNumber(rawValue: UInt64(number + 1)),
                mutation: .updateStatus(
                    id: "t", status: .failed, error: String(repeating: "e", count: size), time: .now), hash: 7 << 32)
        }
        for round in 0..<3 {
            for added in list { add(added, to: &queue) }
            #expect(contents(queue.copy(.changes, of: "t", hash: 7 << 32)) == expected(list, .changes))
            queue.prune(through: SequenceNumber(rawValue: UInt64(round + 2)))
            #expect(
                contents(queue.copy(.changes, of: "t", hash: 7 << 32)) == expected(list.dropFirst(round + 2), .changes))
            queue.prune(through: SequenceNumber(rawValue: .max))
            #expect(queue.isEmpty)
        }
    }
}
