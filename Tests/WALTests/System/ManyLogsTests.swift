import Foundation
import TestSupport
import Testing

@testable import WAL

#if os(Linux)
    /// Many logs in one process.
    @Suite struct ManyLogsTests {
        private let directory = TemporaryDirectory()
        private let count = 60

        private func open(_ policy: WriteAheadLog.SyncPolicy) async throws -> [WriteAheadLog] {
            var configuration = WriteAheadLog.Configuration()
            configuration.syncPolicy = policy
            configuration.sealedCompression = .lz4
            try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
            var logs: [WriteAheadLog] = []
            for number in 0..<count {
                logs.append(
                    try await WriteAheadLog.open(at: directory.path + "/\(number)", configuration: configuration))
            }
            return logs
        }

        /// The number of threads for the duties of logs.
        private func threadCount() throws -> Int {
            let names = ["wal-sync\n", "wal-maintenance\n", "wal-compression\n"]
            return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { thread in
                names.contains((try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8)) ?? "")
            }.count
        }

        @Test(arguments: [WriteAheadLog.SyncPolicy.manual, .interval(.milliseconds(5)), .always])
        func theyShareTheirThreads(_ policy: WriteAheadLog.SyncPolicy) async throws {
            let logs = try await open(policy)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for log in logs {
                    group.addTask {
                        for number in 0..<10 {
                            let sequence = try await log.append(payload(number, size: 20_000))
                            if number % 7 == 0 { try await log.waitUntilDurable(sequence) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try threadCount() <= 20)
            for log in logs { try await log.close() }
            for log in try await open(policy) {
                #expect(log.lastSequence.rawValue == 10)
                #expect(!log.recovery.isDamaged)
                try await log.close()
            }
        }
    }
#endif
