import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import Foundation
import WAL
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
            },
            Case(Comparison("memory of a buffered task"), .log) { try await bufferedMemory(in: $0) },
        ]
    }

    /// With delivery held up, so that all of it is what the buffer itself keeps.
    private static func bufferedMemory(in directory: String) async throws -> Outcome {
        let count = 100_000
        var configuration = TaskBufferConfiguration()
        configuration.flushInterval = .seconds(3600)
        configuration.maxBufferSize = .max
        configuration.batchSize = 1_000_000
        configuration.maxBatchSize = 1_000_000
        configuration.drainTimeout = .zero
        let storage = try await BufferedTaskStorage.open(
            at: directory + "/log", store: MemoryTaskStore(), configuration: configuration)
        let before = climits_heap()
        for number in 0..<count {
            var task = Workload.task(number)
            task.id = "task-\(number)"
            try await storage.save(task)
        }
        let bytes = Double(climits_heap() - before) / Double(count)
        _ = try? await storage.close()
        return Outcome(.bytesPerRecord, bytes)
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
