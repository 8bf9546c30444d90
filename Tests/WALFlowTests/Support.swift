import Foundation
import Synchronization
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// A directory that exists until its last reference is gone.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "/flow-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The names of events in their order, from any thread.
final class Events: Sendable {
    private let list = Monitor<[String]>([])

    func add(_ name: String) { list.withLock { $0.append(name) } }

    var all: [String] { list.withLock { $0 } }

    func count(_ name: String) -> Int { all.count { $0 == name } }
}

/// Holds the steps that wait for it until it opens.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Monitor(State())

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

func openStorage(_ directory: TemporaryDirectory) async throws -> BufferedTaskStorage<MemoryTaskStore> {
    var configuration = TaskBufferConfiguration()
    configuration.flushInterval = .milliseconds(20)
    return try await .memory(log: directory.path, configuration: configuration)
}

struct TestError: Error, CustomStringConvertible {
    var description: String

    init(_ text: String) { description = text }
}

extension FlowConfiguration {
    /// Values go through the coder, as they do after a crash.
    static var test: FlowConfiguration {
        FlowConfiguration(closeTimeout: .seconds(5), verifiesCoding: true)
    }
}

/// A storage that passes its calls on to another one, but for those that a test changes.
protocol WrappingStorage: FlowStorage {
    var base: BufferedTaskStorage<MemoryTaskStore> { get }
}

extension WrappingStorage {
    var writeAheadLog: WriteAheadLog { base.writeAheadLog }
    var segmentSize: Int { base.segmentSize }
    var diskBudget: Int? { base.diskBudget }
    var isDurableAtOnce: Bool { base.isDurableAtOnce }
    var attachment: Monitor<(any AnyObject & Sendable)?> { base.attachment }

    func tryAppend(
        _ records: consuming RecordBatch, _ mutations: [TaskMutation]
    ) throws(TaskStorageError) -> SequenceNumber? {
        try base.tryAppend(records, mutations)
    }

    func waitForSpace() async throws(TaskStorageError) { try await base.waitForSpace() }

    func waitUntilDurable(through sequence: SequenceNumber) async throws(TaskStorageError) {
        try await base.waitUntilDurable(through: sequence)
    }

    func waitForEarlierChanges() async throws(TaskStorageError) { try await base.waitForEarlierChanges() }

    func task(id: String) async throws -> PersistentTask? { try await base.task(id: id) }

    func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog] {
        try await base.activities(taskID: taskID, limit: limit, offset: offset)
    }
}

extension GraphShape {
    /// Returns the graph of an iterator whose body has a sub-DAG with an iterator, and of another iterator.
    static func nested(hasRows: Bool = true, isLonger: Bool = false) throws -> GraphShape {
        let inner = DAG<Int, Int>(name: "Inner", key: "inner", of: Int.self) { dag, input in
            guard hasRows else { return dag.addNode("sum", after: input) { _, value in value } }
            let rows = dag.addIterator("rows", over: input, { [$0] }) { body, value in
                var end = body.addNode("row", after: value) { _, value in value }
                if isLonger { end = body.addNode("after", after: end) { _, value in value } }
                return end
            }
            return dag.addNode("sum", after: rows) { _, values in values.count }
        }
        let dag = DAG(name: "Each", key: "each", of: [Int].self) { dag, input in
            let each = dag.addIterator("each", over: input, { $0 }) { body, value in
                let part = body.addDAG("part", inner, after: value)
                return body.addNode("end", after: part) { _, value in value }
            }
            // One path begins with another.
            let eaches = dag.addIterator("eaches", over: input, { $0 }) { body, value in
                body.addNode("row", after: value) { _, value in value }
            }
            return dag.addNode("last", after: each, eaches) { _, first, _ in first }
        }
        return try dag.frozen().shape
    }
}
