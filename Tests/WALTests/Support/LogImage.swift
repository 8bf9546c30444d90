import Foundation
import Testing

@testable import WAL

/// The files of a killed process's small log: one sealed segment, one unsealed, and their contents, read by a parser of the
/// test's own.
struct LogImage: Sendable {
    struct Frame {
        var offset: Int
        var end: Int
        var kind: UInt8
        /// The frame's sequence numbers.
        var sequences: Range<UInt64>
        /// The durable position that this frame's stamp states.
        var durablePosition: UInt64
    }

    var files: [String: Data]
    var names: [String]
    var payloads: [UInt64: [UInt8]]

    static let scratch = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()

    static func directory() -> String { "\(scratch)/wal-image-\(UUID().uuidString)" }

    /// A child makes the log and kills itself, so that the second segment is unsealed.
    static func make() async throws -> LogImage {
        let path = directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            var configuration = WriteAheadLog.Configuration.small(.manual)
            configuration.segmentSize = 64 << 10
            let log = try await WriteAheadLog.open(at: path, configuration: configuration)
            try LogImage.fill(log, from: 0)
            try log.setCursor("consumer", to: 3)
            try await log.roll()
            try LogImage.fill(log, from: 1000)
            try await log.sync()
            try LogImage.fill(log, from: 2000)
            kill(getpid(), SIGKILL)
        }
        var files = try contents(of: path)
        files = files.filter { name, data in name.hasSuffix(".wal") && data[12] == 1 }
        var image = LogImage(files: files, names: files.keys.sorted(), payloads: [:])
        try image.write(to: path + "-read")
        defer { try? FileManager.default.removeItem(atPath: path + "-read") }
        for record in try readAll(ReadOnlyLog(at: path + "-read").reader()) {
            image.payloads[record.sequence.rawValue] = record.payload
        }
        return image
    }

    private static func fill(_ log: WriteAheadLog, from number: Int) throws {
        for index in 0..<3 { try log.appendBlocking(payload(number + index)) }
        var plain = RecordBatch()
        for index in 0..<3 { plain.append(payload(number + 100 + index)) }
        try log.appendBlocking(plain)
        var packed = RecordBatch()
        for index in 0..<60 { packed.append(payload(number + 200 + index, size: 40)) }
        try log.appendBlocking(packed, bookmark: Bookmark(name: "input", position: UInt64(number), metadata: [7]))
        for index in 0..<3 { try log.appendBlocking(payload(number + 300 + index)) }
    }

    func write(to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, data) in files { try data.write(to: URL(fileURLWithPath: path + "/" + name)) }
    }

    func number<Number: FixedWidthInteger>(_: Number.Type, _ name: String, _ offset: Int) -> Number {
        let data = files[name] ?? Data()
        return (0..<MemoryLayout<Number>.size).reduce(0) {
            $0 | Number(truncatingIfNeeded: data[offset + $1]) << (8 * $1)
        }
    }

    func baseSequence(_ name: String) -> UInt64 { number(UInt64.self, name, 72) }
    func basePosition(_ name: String) -> UInt64 { number(UInt64.self, name, 80) }

    func frames(_ name: String) -> [Frame] {
        var frames: [Frame] = []
        var offset = 1024
        while offset + 24 <= files[name]?.count ?? 0 {
            let length = Int(number(UInt32.self, name, offset))
            if length == 0 { break }
            let kind = number(UInt8.self, name, offset + 16)
            let first = baseSequence(name) + UInt64(number(UInt32.self, name, offset + 8))
            let count: UInt64 =
                switch kind {
                case 1: 1
                case 2: UInt64(number(UInt32.self, name, offset + 24))
                default: 0
                }
            let distance = UInt64(number(UInt32.self, name, offset + 12)) * 8
            let position = basePosition(name) + UInt64(offset)
            frames.append(
                Frame(
                    offset: offset, end: offset + (length + 7) / 8 * 8, kind: kind, sequences: first..<first + count,
                    durablePosition: distance > position ? 0 : position - distance))
            offset = frames[frames.count - 1].end
        }
        return frames
    }

    /// Changes the boot identifiers, as if the machine had started again.
    func ofOtherBoot() -> LogImage {
        var image = self
        for name in names {
            guard var data = files[name],
                case .header(var header, _) = data.withUnsafeBytes({ SegmentHeader.decode($0) })
            else { continue }
            header.bootID = BootID(low: 1, high: 2)
            data.withUnsafeMutableBytes { bytes in
                if let base = bytes.baseAddress { header.encode(to: base) }
            }
            image.files[name] = data
        }
        return image
    }
}
