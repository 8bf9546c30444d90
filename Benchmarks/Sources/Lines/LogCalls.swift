import BenchmarkKit
import BenchmarkReport
import CLimits
import Foundation
import Logging
import Synchronization
import WALLogging

/// What a caller waits for one log call, with space on the disk and without. The same line with two values of metadata.
enum LogCalls {
    /// The time between two calls of a thread in nanoseconds: a busy service, which no disk fails to follow.
    private static let pause: UInt64 = 10_000

    private static let stream = Contender("StreamLogHandler, fwrite and fflush", .peer)
    private static let file = Contender("write(2) of the text", .limit)

    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = options.quick ? 40_000 : 100_000
        return options.writers(quick: [1, 8], full: [1, 8]).flatMap { threads in
            [Disk.healthy, .full].filter(\.isPossible).flatMap { disk in
                let comparison = Comparison(disk.rawValue, Setup(writers: threads))
                return [
                    Case(comparison, .log) { try ours(threads, count, disk, in: $0) },
                    Case(comparison, stream) { try streamed(threads, count, disk, in: $0) },
                    Case(comparison, file) { try written(threads, count, disk, in: $0) },
                ]
            }
        }
    }

    private static func ours(_ threads: Int, _ count: Int, _ disk: Disk, in directory: String) throws -> Outcome {
        try disk.use(directory) { place in
            let lines = try LineLog.openBlocking(at: place + "/log", configuration: .init(diskBudget: 1 << 30))
            let logger = Logger(label: "bench") { lines.handler(label: $0) }
            disk.fill(place)
            // The segments that the log has already take lines until they are full.
            if disk == .full { while lines.droppedLines < 1_000_000 { log(logger, 0) } }
            let before = lines.droppedLines
            var outcome = try calls(threads, count) { log(logger, $0) }
            outcome.add(.dropped, Double(lines.droppedLines - before) / Double(threads * count))
            try? lines.closeBlocking()
            return outcome
        }
    }

    private static func streamed(_ threads: Int, _ count: Int, _ disk: Disk, in directory: String) throws -> Outcome {
        try disk.use(directory) { place in
            let stream = try FileStream(place + "/text")
            let handler = StreamLogHandler(label: "bench", stream: stream)
            let logger = Logger(label: "bench") { _ in handler }
            disk.fill(place)
            return try calls(threads, count) { log(logger, $0) }
        }
    }

    private static func written(_ threads: Int, _ count: Int, _ disk: Disk, in directory: String) throws -> Outcome {
        try disk.use(directory) { place in
            let descriptor = open(place + "/text", O_WRONLY | O_CREAT | O_APPEND, 0o600)
            defer { close(descriptor) }
            let line = "2026-11-29T00:00:00+0000 info bench: path=/orders/42 request=7f3a [Lines] took 17 ms\n"
            disk.fill(place)
            let bytes = Array(line.utf8)
            return try calls(threads, count) { _ in _ = write(descriptor, bytes, bytes.count) }
        }
    }

    @inline(__always)
    private static func log(_ logger: Logger, _ number: Int) {
        logger.info("took 17 ms", metadata: ["path": "/orders/42", "request": "7f3a"])
    }

    /// Times the calls of threads that each pause between two calls. The pause doesn't count.
    private static func calls(_ threads: Int, _ count: Int, _ call: @escaping @Sendable (Int) -> Void) throws -> Outcome {
        let all = Mutex<[UInt32]>([])
        _ = try OwnThreads.run(threads) { _ in
            var watch = Stopwatch(capacity: count)
            for number in 0..<count {
                let end = climits_now() + pause
                var start = end
                while start <= end { start = climits_now() }
                call(number)
                watch.lap(due: start)
            }
            let latencies = watch.result
            all.withLock { $0 += latencies }
        }
        var outcome = Outcome()
        outcome.add(latencies: all.withLock { $0 })
        return outcome
    }
}

/// A file as swift-log's own streams write to standard output: locked, and flushed after each line.
private final class FileStream: TextOutputStream, Sendable {
    private nonisolated(unsafe) let file: UnsafeMutablePointer<FILE>

    init(_ path: String) throws {
        guard let file = fopen(path, "a") else { throw CocoaError(.fileWriteUnknown) }
        self.file = file
    }

    deinit { fclose(file) }

    func write(_ string: String) {
        var string = string
        string.withUTF8 { bytes in
            flockfile(file)
            defer { funlockfile(file) }
            fwrite(bytes.baseAddress, 1, bytes.count, file)
        }
        fflush(file)
    }
}
