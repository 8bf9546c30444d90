import TestSupport
import Testing
import WAL
import WALTesting

@testable import WALTasks

/// The activities of the store in memory, beside a plain list.
@Suite struct ActivityTableTests {
    private func activity(_ number: Int, _ random: inout SeededGenerator) -> TaskActivityLog {
        TaskActivityLog(
            id: "activity \(number)", taskID: "task \(number % 97)", dagID: "dag \(number % 3)", nodeID: "n",
            action: "a",
            message: Bool.random(using: &random) ? "größer" : nil, data: nil, level: "info",
            createdAt: Timestamp(rawValue: Int64(number * 31 % 1000)))
    }

    @Test(arguments: 1...5) func itHasWhatAListHas(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var table = ActivityTable()
        var expected: [String: TaskActivityLog] = [:]
        for round in 0..<40 {
            var batch = EncodedActivities()
            let before = expected.count
            for _ in 0..<Int.random(in: 0...200, using: &random) {
                let added = activity(Int.random(in: 0..<4000, using: &random), &random)
                try batch.append(TaskCodec.encode(.log(added)).span.bytes)
                // The first one of an id counts.
                if expected[added.id] == nil { expected[added.id] = added }
            }
            #expect(table.insert(batch) == expected.count - before)
            guard round % 10 == 9 else { continue }
            let time = Timestamp(rawValue: Int64(round * 10))
            let kept = expected.filter { $0.value.createdAt >= time }
            #expect(table.remove(createdBefore: time) == expected.count - kept.count)
            expected = kept
            for task in 0..<97 {
                let found = table.activities(taskID: "task \(task)")
                let wanted = expected.values.filter { $0.taskID == "task \(task)" }
                #expect(found.count == wanted.count && Set(found) == Set(wanted))
            }
            for dag in 0..<3 {
                #expect(
                    Set(table.activities(dagID: "dag \(dag)"))
                        == Set(expected.values.filter { $0.dagID == "dag \(dag)" }))
            }
        }
        #expect(table.activities(taskID: "task 97").isEmpty && table.activities(dagID: "").isEmpty)
        #expect(expected.count > 1000)
    }
}
