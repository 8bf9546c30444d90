import Foundation
import TestSupport
import Testing

@testable import WAL

@Suite struct BlockingExecutorTests {
    private let directory = TemporaryDirectory()

    private static var thread: UInt { UInt(pthread_self()) }

    @Test func aTaskSyncsWhereItRuns() async throws {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let executor = try BlockingExecutor()
        let threads = try await Task(executorPreference: executor) { () async throws -> Set<UInt> in
            var threads: Set<UInt> = []
            for number in 1...50 {
                threads.insert(Self.thread)
                let sequence = try await log.appendDurably([UInt8(number)])
                #expect(log.durableSequence >= sequence)
                threads.insert(Self.thread)
                await Task.yield()
            }
            return threads
        }.value
        #expect(threads.count == 1)
        #expect(log.status.syncs.durations.count >= 50)
        try await log.close()
    }

    /// Each waiting task has a thread, so tasks share syncs as threads do.
    @Test func tasksOnSeveralThreadsAreAllDurable() async throws {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        let executor = try BlockingExecutor(threadCount: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<20 {
                group.addTask(executorPreference: executor) {
                    for number in 0..<25 { try await log.append(payload(task * 25 + number)) }
                }
            }
            try await group.waitForAll()
        }
        #expect(log.durableSequence == 500)
        #expect(try readAll(log.reader()).count == 500)
        try await log.close()
    }

    @Test func tasksStartInTheOrderOfTheirArrival() async throws {
        let executor = try BlockingExecutor()
        let started = Monitor<[Int]>([])
        let tasks = (0..<1000).map { number -> Task<Void, Never> in
            Task(executorPreference: executor) { started.withLock { $0.append(number) } }
        }
        for task in tasks { await task.value }
        #expect(started.withLock { $0 } == Array(0..<1000))
    }

    @Test func aClosedLogIsSaid() async throws {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        try await log.close()
        let executor = try BlockingExecutor()
        let error = await #expect(throws: WALError.self) {
            try await Task(executorPreference: executor) { try await log.append([1]) }.value
        }
        #expect(error?.code == .closed)
    }

    @Test func aCountOfZeroIsRefused() {
        let error = #expect(throws: WALError.self) { try BlockingExecutor(threadCount: 0) }
        #expect(error?.code == .invalidArgument)
    }

    #if os(Linux)
        /// The identifiers of this process' threads that have the executor's name.
        private static func threads() throws -> Set<String> {
            try Set(
                FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { id in
                    (try? String(contentsOfFile: "/proc/self/task/\(id)/comm", encoding: .utf8)) == "wal-executor\n"
                })
        }

        @Test func theThreadsEndWithTheLastReference() async throws {
            // Threads of earlier executors may still be about to end.
            let others = try Self.threads()
            var started: Set<String> = []
            do {
                let executor = try BlockingExecutor(threadCount: 3)
                try await eventually {
                    started = try Self.threads().subtracting(others)
                    return started.count == 3
                }
                await Task(executorPreference: executor) {}.value
            }
            try await eventually { try Self.threads().isDisjoint(with: started) }
        }
    #endif
}
