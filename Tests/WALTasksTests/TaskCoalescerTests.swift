import TestSupport
import Testing
import WAL
import WALDelivery
import WALTesting

@testable import WALTasks

@Suite struct TaskCoalescerTests {
    private func coalesce(_ mutations: [TaskMutation]) -> (left: [TaskMutation], sequences: [UInt64], count: Int) {
        var coalescer = TaskCoalescer()
        for (index, mutation) in mutations.enumerated() {
            let record = SinkRecord(mutation, at: UInt64(index + 1))
            coalescer.add(TaskBatch.Operation(record: record, mutation: mutation))
        }
        return (
            coalescer.result.map(\.mutation), coalescer.result.map(\.record.sequence.rawValue), coalescer.coalescedCount
        )
    }

    private func save(_ dagID: String, _ created: Int64) -> PersistentTask {
        PersistentTask(id: "t", dagID: dagID, nodeID: "n", createdAt: Timestamp(rawValue: created))
    }

    private func update(_ status: TaskStatus, _ time: Int64) -> TaskMutation {
        .updateStatus(id: "t", status: status, error: nil, time: Timestamp(rawValue: time))
    }

    /// Random mutations give the same rows when they are applied one by one and when they are coalesced, from the same random
    /// state.
    @Test(arguments: 0..<400)
    func endsAsOneByOne(seed: Int) {
        var random = RandomMutations(seed: UInt64(seed))
        var start = TaskTable()
        for mutation in random.list(Int.random(in: 0..<20, using: &random.generator)) { start.apply(mutation) }
        let mutations = random.list(Int.random(in: 1..<60, using: &random.generator))
        var oneByOne = start
        for mutation in mutations { oneByOne.apply(mutation) }
        var coalesced = start
        let (left, _, count) = coalesce(mutations)
        for mutation in left { coalesced.apply(mutation) }
        #expect(coalesced.tasks == oneByOne.tasks)
        #expect(coalesced.randomActivities == oneByOne.randomActivities)
        #expect(left.count + count == mutations.count)
    }

    @Test func lastSaveCountsUnderTheFirstOne() {
        var expected = save("b", 2)
        expected.dagID = "a"
        expected.createdAt = Timestamp(rawValue: 1)
        let (left, sequences, count) = coalesce([.save(save("a", 1)), .save(save("b", 2))])
        #expect(left == [.save(expected)])
        #expect(sequences == [2])
        #expect(count == 1)
    }

    @Test func statusGoesIntoTheSave() {
        var expected = save("a", 1)
        expected.update(to: .running, error: nil, at: Timestamp(rawValue: 5))
        expected.update(to: .completed, error: nil, at: Timestamp(rawValue: 6))
        #expect(coalesce([.save(save("a", 1)), update(.running, 5), update(.completed, 6)]).left == [.save(expected)])
    }

    /// A row that isn't in the batch may have been started before. Only the store knows which time counts.
    @Test func runningThenCompletedStaysTwo() {
        let mutations = [update(.running, 5), update(.completed, 6)]
        #expect(coalesce(mutations).left == mutations)
        #expect(
            coalesce([update(.pending, 4), update(.running, 5), update(.running, 6)]).left == [
                update(.running, 5), update(.running, 6),
            ])
        #expect(coalesce([update(.failed, 5), update(.completed, 6)]).left == [update(.completed, 6)])
    }

    @Test func deleteCancels() {
        let all: [TaskMutation] = [.save(save("a", 1)), update(.running, 2), .delete(id: "t"), update(.running, 3)]
        let (left, sequences, count) = coalesce(all)
        #expect(left == [.delete(id: "t")])
        #expect(sequences == [3])
        #expect(count == 3)
    }

    @Test func saveAfterDeleteIsNew() {
        let mutations: [TaskMutation] = [
            .save(save("a", 1)), .delete(id: "t"), .save(save("b", 2)), .save(save("c", 3)),
        ]
        var expected = save("c", 3)
        expected.dagID = "b"
        expected.createdAt = Timestamp(rawValue: 2)
        #expect(coalesce(mutations).left == [.delete(id: "t"), .save(expected)])
    }

    @Test func barriersSplit() {
        let mutations: [TaskMutation] = [.save(save("a", 1)), .deleteDAG(id: "a"), .save(save("b", 2))]
        #expect(coalesce(mutations).left == mutations)
    }
}
