import Foundation
import Testing
import WALTesting

@testable import WAL

/// The life of a log from its first opening to its second closing, with each operation of a log in turn, whatever fails
/// meanwhile. Records the log's promises.
struct ScriptedLife {
    let directory: String
    let configuration: WriteAheadLog.Configuration
    var history = LogHistory()
    var violations: [LogHistory.Violation] = []
    private var ending = LogHistory.Ending.closed
    private var nextPayload = 0

    init(in directory: String, _ policy: WriteAheadLog.SyncPolicy) {
        self.directory = directory
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 64 << 10
        configuration.maxPreparedSegments = 1
        configuration.syncPolicy = policy
        configuration.whenFull = .fail
        configuration.retention.totalSize = 0
        configuration.sealedCompression = policy == .manual ? .lz4 : .none
        self.configuration = configuration
    }

    /// Opens the log, and compares its contents with its promises.
    mutating func open() throws -> WriteAheadLog {
        let log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        let found = try LogContents(of: log)
        violations += history.violations(in: found, after: ending)
        history.resume(from: found)
        ending = .killed
        return log
    }

    /// Lives from opening to closing. Does nothing if the log doesn't open.
    mutating func live(_ faults: () -> [InjectedFault]) {
        // A log that opened and couldn't be read may also fail when it closes.
        defer { note(faults()) }
        guard let log = try? open() else { return }
        if log.cursors.isEmpty { setCursor(to: .zero, log) }
        append(to: log, count: 5)
        sync(log)
        append(to: log, batchOf: 10)
        append(to: log, count: 2)
        try? log.rollBlocking()
        // Past the end of a segment.
        append(to: log, count: 40, size: 2000)
        let reader = log.reader()
        var seen: UInt64 = 0
        do {
            while let record = try reader.next() { seen = record.sequence.rawValue }
        } catch {}
        let passed = SequenceNumber(rawValue: min(seen, log.durableSequence.rawValue) / 2)
        history.mayRemove(through: passed)
        setCursor(to: passed, log)
        sync(log)
        log.applyRetentionBlocking()
        append(to: log, count: 3)
        close(log)
    }

    private mutating func note(_ faults: [InjectedFault]) {
        // A cursor that was set while there was no segment is written with the next one.
        history.cursorsMayLag = !faults.isEmpty
        history.pagesWereLost = faults.contains { $0.fault == .losingPages }
    }

    private mutating func setCursor(to sequence: SequenceNumber, _ log: WriteAheadLog) {
        history.didSetCursor("consumer", to: sequence)
        try? log.setCursor("consumer", to: sequence)
    }

    private mutating func payloads(_ count: Int, size: Int) -> [[UInt8]] {
        (0..<count).map { _ in
            nextPayload += 1
            return payload(nextPayload, size: size)
        }
    }

    private mutating func append(to log: WriteAheadLog, count: Int, size: Int = 40) {
        for bytes in payloads(count, size: size) {
            history.willAppend(bytes)
            guard let sequence = try? log.appendBlocking(bytes) else { continue }
            didAppend([bytes], sequence)
        }
    }

    private mutating func append(to log: WriteAheadLog, batchOf count: Int) {
        let all = payloads(count, size: 100)
        var batch = RecordBatch()
        for bytes in all {
            history.willAppend(bytes)
            batch.append(bytes)
        }
        guard let sequence = try? log.appendBlocking(batch) else { return }
        didAppend(all, sequence)
    }

    private mutating func didAppend(_ payloads: [[UInt8]], _ sequence: SequenceNumber) {
        if let violation = history.didAppend(payloads, last: sequence) { violations.append(violation) }
        if configuration.syncPolicy == .always { history.recordsBecameDurable(through: sequence) }
    }

    private mutating func sync(_ log: WriteAheadLog) {
        let last = log.lastSequence
        guard last > .zero, (try? log.waitUntilDurableBlocking(last)) != nil else { return }
        history.recordsBecameDurable(through: last)
    }

    private mutating func close(_ log: WriteAheadLog) {
        let last = log.lastSequence
        ending = .killed
        guard (try? log.closeBlocking()) != nil else { return }
        ending = .closed
        history.recordsBecameDurable(through: last)
    }
}

/// The files in a directory that this process has open.
enum OpenFiles {
    /// Waits for the last references, which threads that have just ended may hold.
    static func left(of directory: String) -> [String] {
        var left = of(directory)
        for _ in 0..<120_000 where !left.isEmpty {
            usleep(1000)
            left = of(directory)
        }
        return left
    }

    private static func of(_ directory: String) -> [String] {
        var left: [String] = []
        // An upper limit of the descriptors in use here.
        for descriptor in 0..<256 {
            var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            guard readlink("/proc/self/fd/\(descriptor)", &path, Int(PATH_MAX)) > 0 else { continue }
            if strncmp(path, directory, directory.utf8.count) == 0 { left.append("descriptor \(descriptor)") }
        }
        let maps = (FileManager.default.contents(atPath: "/proc/self/maps") ?? Data()) + [0]
        let isMapped = maps.withUnsafeBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { strstr($0, directory) != nil } ?? false
        }
        return left + (isMapped ? ["a mapping"] : [])
    }
}
