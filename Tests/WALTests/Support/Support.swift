import Foundation
import Testing

@testable import WAL

/// A directory that exists until its last reference is gone.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "/wal-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

func payload(_ number: Int, size: Int = 24) -> [UInt8] {
    let text = "record \(number) "
    return Array(String(repeating: text, count: size / text.utf8.count + 1).utf8.prefix(max(size, text.utf8.count)))
}

extension WriteAheadLog.Configuration {
    static func small(_ policy: WriteAheadLog.SyncPolicy = .manual) -> Self {
        var configuration = Self()
        configuration.segmentSize = 128 << 10
        configuration.syncPolicy = policy
        return configuration
    }
}

/// Makes a log with 50 records in each segment. The record with number N has the payload N.
func makeLog(at directory: String, segments: Int) throws {
    let log = try WriteAheadLog.openBlocking(at: directory, configuration: .small())
    for segment in 0..<segments {
        for number in 1...50 { try log.appendBlocking(payload(50 * segment + number)) }
        try log.rollBlocking()
    }
    try log.closeBlocking()
}

/// Returns the records. ``readEntries(_:)`` also returns the gaps between them.
func readAll(_ reader: LogReader) throws -> [LogRecord] {
    try readEntries(reader).compactMap { if case .record(let record) = $0 { record } else { nil } }
}

func readEntries(_ reader: LogReader) throws -> [LogEntry] {
    var entries: [LogEntry] = []
    while let entry = try reader.nextEntry() { entries.append(entry) }
    return entries
}

/// FNV-1a, so that a report of 16 bytes identifies a payload.
func digest(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// A file with the reports of a process that will be killed. Each report is one `write` to a file opened for appending, and never
/// crosses a page boundary, at which the kernel would cut it short for a signal. So each report is complete or missing.
struct ReportFile: Sendable {
    let descriptor: Int32
    private static let wordCount = 4

    init(_ path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }

    func add(_ words: UInt64...) {
        let padded = words + Array(repeating: 0, count: Self.wordCount - words.count)
        padded.withUnsafeBytes { bytes in _ = write(descriptor, bytes.baseAddress, bytes.count) }
    }

    /// The reports in a file, without the first `count`.
    static func read(_ path: String, after count: Int = 0) -> [[UInt64]] {
        let bytes = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
        return stride(from: count * 8 * wordCount, to: bytes.count - bytes.count % (8 * wordCount), by: 8 * wordCount)
            .map { start in
                (0..<wordCount).map { word in
                    (0..<8).reduce(0) { $0 | UInt64(bytes[start + word * 8 + $1]) << (8 * $1) }
                }
            }
    }
}

/// Kills this process as `kill -9` does, after a delay.
func killSelf(afterMicroseconds time: UInt32) {
    Thread.detachNewThread {
        usleep(time)
        kill(getpid(), SIGKILL)
    }
}

/// The files of a directory with their contents, without the lock, which names the last writer's process.
func contents(of directory: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: directory) where name != "LOCK" {
        found[name] = FileManager.default.contents(atPath: directory + "/" + name)
    }
    return found
}

/// The names of a log's segment files, in order.
func segmentNames(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".wal") }.sorted()
}
