import Foundation
import WAL
import WALDelivery

/// A sink into a text file. Each record is a line.
///
/// A batch ends with a line that moves its lanes: `#log lane:epoch:position …`. So the file has all of a batch, or an end without such a
/// line, which the next call cuts off. The lock of the file keeps other processes out during a call.
///
/// `@unchecked Sendable`: only blocks of `queue` use the state.
final class FileSink: Sink, @unchecked Sendable {
    enum Failure: Error {
        case fenced
        case laneCount(before: Int)
        case notALine(SequenceNumber)
    }

    let name = "file"
    let maxConcurrency = 1
    // File calls block, so they run on a queue of the sink.
    private let queue = DispatchQueue(label: "file-sink")
    private let file: FileHandle
    private var lanes: [String: [SinkLane]] = [:]
    /// The end of the last line that moves lanes, and so of what is applied.
    private var end: UInt64 = 0

    init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileReadNoPermission) }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func claim(_ claimed: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try await locked { [self] in
            let known = lanes[log.description]
            if let known, known.count != laneCount { throw Failure.laneCount(before: known.count) }
            var all = known ?? (0..<laneCount).map { SinkLane(index: $0, epoch: 0, position: .zero) }
            for index in claimed { all[index].epoch += 1 }
            try write([], moving: all, of: log)
            return Array(all[claimed])
        }
    }

    func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        try await locked { [self] in
            guard var all = lanes[batch.log.description], batch.lanes.allSatisfy({ all[$0.index] == $0 }) else {
                throw Failure.fenced
            }
            for record in batch.records where record.payload.contains(10) || record.payload.first == 35 {
                throw Failure.notALine(record.sequence)
            }
            for lane in batch.lanes { all[lane.index].position = batch.position }
            try write(batch.records, moving: all, of: batch.log)
            return SinkReceipt(rowCount: batch.records.count)
        }
    }

    func classify(_ error: any Error) -> SinkFailure {
        switch error {
        case Failure.fenced: .fenced
        case Failure.laneCount: .fatal
        case Failure.notALine(let sequence): .record(code: "line", reason: "The record \(sequence) isn't one line.")
        // A full disk, for example. If only the sync failed, the file has the batch, so the lanes are claimed again.
        default: .indeterminate
        }
    }

    func close() async {
        queue.sync { try? file.close() }
    }

    // MARK: The file

    private func write(_ records: [SinkRecord], moving all: [SinkLane], of log: LogID) throws {
        var bytes = Data()
        for record in records { bytes += record.payload + [10] }
        let moved = all.map { "\($0.index):\($0.epoch):\($0.position.rawValue)" }.joined(separator: " ")
        bytes += Data("#\(log) \(moved)\n".utf8)
        try file.seek(toOffset: end)
        try file.write(contentsOf: bytes)
        try file.synchronize()
        lanes[log.description] = all
        end += UInt64(bytes.count)
    }

    /// Calls `body` on the queue while no other sink uses the file.
    private func locked<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                flock(file.fileDescriptor, LOCK_EX)
                defer { flock(file.fileDescriptor, LOCK_UN) }
                continuation.resume(
                    with: Swift.Result {
                        try readRest()
                        return try body()
                    })
            }
        }
    }

    /// Reads the lines that other sinks have added, and cuts off a batch that a crash left incomplete.
    private func readRest() throws {
        try file.seek(toOffset: end)
        let rest = try file.readToEnd() ?? Data()
        let (begin, lines) = (end, rest.split(separator: 10, omittingEmptySubsequences: false).dropLast())
        for line in lines where line.first == 35 {
            let words = String(decoding: line.dropFirst(), as: UTF8.self).split(separator: " ")
            lanes[String(words[0])] = words.dropFirst().map { word in
                let numbers = word.split(separator: ":").compactMap { UInt64($0) }
                return SinkLane(
                    index: Int(numbers[0]), epoch: numbers[1], position: SequenceNumber(rawValue: numbers[2]))
            }
            end = begin + UInt64(line.endIndex - rest.startIndex) + 1
        }
        try file.truncate(atOffset: end)
    }
}
