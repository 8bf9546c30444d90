import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import Foundation
import WAL
import WALPostgres
import WALTasks

/// What a record takes up: on the disk by the blocks that files have, in memory by what the allocator has given out.
enum Space {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = 1_000_000
        return options.payloads(quick: [256], full: [64, 256, 1024, 4096]).map(Payload.init).map { payload in
            Case(Comparison("disk", Setup(payload: payload.size)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                for _ in 0..<count * 256 / payload.size { _ = try await log.append(payload.bytes) }
                try await log.close()
                let bytes = Double(try Files.size(of: directory)) / Double(count * 256 / payload.size)
                var outcome = Outcome(.bytesPerRecord, bytes)
                outcome.add(.bytesPerByte, bytes / Double(payload.size))
                return outcome
            }
        } + [
            Case(Comparison("memory", Setup(payload: 256)), .log) { directory in
                let payload = Payload(size: 256)
                let log = try LogUnderTest.open(in: directory, .manual)
                let before = climits_heap()
                for _ in 0..<count { _ = try await log.append(payload.bytes) }
                let bytes = Double(climits_heap() - before) / Double(count)
                try await log.close()
                return Outcome(.bytesPerRecord, bytes)
            }
        ]
            + [66, 1024].flatMap { size in
                [
                    Case(Comparison("memory of an outage", Setup(payload: size)), .log) {
                        try await outageMemory(payload: size, max: 1 << 30, in: $0)
                    },
                    Case(Comparison("memory of an outage beyond its limit", Setup(payload: size)), .log) {
                        try await outageMemory(payload: size, max: 1 << 20, in: $0)
                    },
                ]
            }
    }

    /// Returns what each save takes up in memory while the database can't be reached.
    private static func outageMemory(payload: Int, max memoryMax: Int, in directory: String) async throws -> Outcome {
        let count = 250_000
        var configuration = TaskBufferConfiguration()
        configuration.maxOverlayMemory = memoryMax
        configuration.drainTimeout = .zero
        let storage = try await BufferedTaskStorage.open(
            at: directory + "/log", store: PostgresTaskStore("host=127.0.0.1 port=1"), configuration: configuration)
        // The first saves allocate what doesn't grow.
        for number in 0..<1000 { try await storage.save(task(number, payload: payload)) }
        let before = climits_heap()
        for number in 0..<count { try await storage.save(task(number, payload: payload)) }
        let bytes = Double(climits_heap()) - Double(before)
        _ = try? await storage.close()
        return Outcome(.bytesPerRecord, bytes / Double(count))
    }

    private static func task(_ number: Int, payload: Int) -> PersistentTask {
        var task = Workload.task(number)
        task.id = "task-\(number)"
        task.payload = "\"" + String(repeating: "x", count: payload - 2) + "\""
        return task
    }
}

enum Files {
    /// The blocks of all files in a directory, in bytes.
    static func size(of directory: String) throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: directory).reduce(0) { total, name in
            var status = stat()
            guard stat(directory + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return total }
            return total + Int(status.st_blocks) * 512
        }
    }
}
