import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// Values and errors beside the size of the log's segments. A record that never fits would leave its task without an end.
@Suite struct LimitTests {
    private func openStorage(
        _ directory: TemporaryDirectory, segmentSize: Int
    ) async throws -> BufferedTaskStorage<MemoryTaskStore> {
        var configuration = TaskBufferConfiguration()
        configuration.flushInterval = .milliseconds(20)
        configuration.segmentSize = segmentSize
        return try await .memory(log: directory.path, configuration: configuration)
    }

    /// The end of the task has the output twice.
    @Test func aResultMustFitIntoASegmentFourTimes() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Large", key: "large", of: Int.self) { dag, input in
            dag.addNode("text", after: input) { _, count in String(repeating: "x", count: count) }
        }
        let storage = try await openStorage(directory, segmentSize: 64 << 10)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        #expect(try await runner.process(15_000, by: dag, id: "fits").result().count == 15_000)
        let error = await #expect(throws: FlowError.self) {
            try await runner.process(40_000, by: dag, id: "large").result()
        }
        #expect(error?.code == .taskFailed && error?.message.contains("segmentSize") == true)
        await runner.close()
        try await storage.close()
    }

    @Test func aLongErrorIsCutOff() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Long", key: "long", of: Int.self) { dag, input in
            dag.addNode("fail", after: input, options: NodeOptions(retry: .never)) { _, count -> Int in
                throw TestError("begins " + String(repeating: "ä", count: count))
            }
        }
        let storage = try await openStorage(directory, segmentSize: 8 << 20)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(3 << 20, by: dag, id: "long")
        let error = await #expect(throws: FlowError.self) { try await task.result() }
        #expect(error?.code == .taskFailed && error?.message.contains("begins") == true)
        let row = try #require(try await storage.task(id: "long"))
        #expect(row.status == .failed && (row.error?.utf8.count ?? 0) < 20_000)
        await runner.close()
        try await storage.close()
    }

    /// Activities that found no space are in the batch with the end.
    @Test func anEndThatDoesntFitIsAFailure() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Wait", key: "wait", of: Int.self) { dag, input in
            dag.addWait("go", after: input, for: Int.self)
        }
        let storage = try await openStorage(directory, segmentSize: 64 << 10)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "full")
        let ending = FlowRecord.Ending(
            status: .completed, time: .now, output: (0..<80_000).map { _ in UInt8.random(in: 0...255) })
        _ = await runner.end(task.live, ending)
        let error = await #expect(throws: FlowError.self) { try await task.result() }
        #expect(error?.message.contains("segment") == true, "\(String(describing: error))")
        await runner.close()
        try await storage.close()
    }

    /// A task may have more records than a segment has room.
    @Test func aCheckpointFitsIntoSmallSegments() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Many", key: "many", of: Int.self) { dag, input in
            let texts = dag.addIterator("texts", over: input, { Array(0..<$0) }, concurrency: 4) { body, number in
                body.addNode("text", after: number) { _, number in String(repeating: "\(number % 10)", count: 10_000) }
            }
            let counted = dag.addNode("count", after: texts) { _, texts in texts.count }
            return dag.addWait("go", after: counted, for: Int.self)
        }
        let storage = try await openStorage(directory, segmentSize: 128 << 10)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(20, by: dag, id: "many")
        try await eventually { task.live.state.withLock { $0.waiting["go"] != nil } }
        let before = storage.writeAheadLog.lastSequence
        try await runner.checkpoint.write(runner)
        #expect(storage.writeAheadLog.cursors[JournalTable.cursor] == before)
        try await runner.submit(7, to: "go", of: "many")
        #expect(try await task.result() == 7)
        await runner.close()
        try await storage.close()
    }

    /// JSON behind a byte, which JSON's decoder refuses.
    private struct MarkedCoder: FlowCoder {
        func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] { try [0xFE] + JSONFlowCoder().encode(value) }

        func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
            guard bytes.first == 0xFE else { throw TestError("no mark") }
            return try JSONFlowCoder().decode(type, from: Array(bytes.dropFirst()))
        }
    }

    @Test func aSubDAGMayHaveAnotherCoder() async throws {
        let directory = TemporaryDirectory()
        let inner = DAG(name: "Inner", key: "inner", of: Int.self, coder: MarkedCoder()) { dag, input in
            let approved = dag.addWait("approve", after: input, for: String.self)
            return dag.addNode("answer", after: approved) { _, text in text + "!" }
        }
        let outer = DAG(name: "Outer", key: "outer", of: Int.self) { dag, input in
            dag.addDAG("ship", inner, after: input)
        }
        let storage = try await openStorage(directory, segmentSize: 1 << 20)
        let ends = Events()
        let runner = try await FlowRunner(
            storage: storage, dags: [outer], configuration: .test,
            onResult: { result in ends.add((try? result.output(of: outer)) ?? "undecodable") })
        let task = try await runner.process(1, by: outer, id: "two")
        try await runner.submit("yes", to: "ship/approve", of: "two")
        #expect(try await task.result() == "yes!")
        try await eventually { ends.all == ["yes!"] }
        await runner.close()
        try await storage.close()
    }
}
