import Foundation
import Logging
import WAL

@testable import WALLogging

/// A directory that exists until its last reference is gone.
final class TemporaryDirectory: Sendable {
    let path = NSTemporaryDirectory() + "/wal-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension LineLog {
    func logger(_ label: String = "test", provider: Logger.MetadataProvider? = nil) -> Logger {
        Logger(label: label) { self.handler(label: $0, metadataProvider: provider) }
    }

    /// The lines of the log, and the number of dropped lines that it reports.
    func contents() throws -> (lines: [LogLine], reported: UInt64) { try WALLoggingTests.contents(log.reader()) }
}

/// Reads to the end. Counts the reports of dropped lines separately.
func contents(_ reader: LogReader) throws -> (lines: [LogLine], reported: UInt64) {
    var lines: [LogLine] = []
    var reported: UInt64 = 0
    while let record = try reader.next() {
        guard let line = LogLine(payload: record.payload) else { throw NotALine(payload: record.payload) }
        if let dropped = line.metadata["wal.dropped"] {
            reported += UInt64("\(dropped)") ?? 0
        } else {
            lines.append(line)
        }
    }
    return (lines, reported)
}

struct NotALine: Error {
    var payload: [UInt8]
}

/// Runs `body` on concurrent threads, and returns when all have ended.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        for index in 0..<count {
            group.addTask {
                await withCheckedContinuation { continuation in
                    Thread.detachNewThread {
                        body(index)
                        continuation.resume()
                    }
                }
            }
        }
    }
}

/// Metadata with arrays and dictionaries.
let nestedMetadata: Logger.MetadataValue = [
    "list": ["a", ["b": "c"], []], "empty": [:], "text": "", "ümlaut": "naïve 🪵",
]
