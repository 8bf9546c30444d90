import Foundation
import TestSupport
import Testing

@testable import WAL

/// The files of a killed process's small log with everything that a log can contain: a segment that was rewritten because of
/// damage (a lost frame), one with an abandoned claim (a void frame), one that begins with a recovery frame, an unsealed one, and
/// prepared ones; records, batches with and without LZ4, bookmarks, cursors, sync marks.
struct Specimen: Sendable {
    typealias Files = [String: [UInt8]]

    var files: Files
    /// Earlier states of the log, with files that were replaced later.
    var earlier: [Files]
    var payloads: [UInt64: [UInt8]]
    var cursors: [String: UInt64]
    /// Every version of each file, by incarnation.
    private(set) var known: [UInt64: SpecimenSegment] = [:]
    /// Every header copy that the log ever wrote, by its bytes.
    private(set) var headers: [[UInt8]: SpecimenSegment.Header] = [:]

    var names: [String] { files.keys.sorted() }
    /// The segments that have frames.
    var activeNames: [String] { names.filter { segment($0)?.header.isActive ?? false } }

    func segment(_ name: String) -> SpecimenSegment? {
        guard let bytes = files[name], let header = headers[Array(bytes[..<512])] else { return nil }
        return known[header.incarnation]
    }

    static let scratch = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()

    static func directory() -> String { "\(scratch)/wal-specimen-\(UUID().uuidString)" }

    static var configuration: WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small(.manual)
        configuration.segmentSize = 64 << 10
        configuration.recoveryScope = .everything
        return configuration
    }

    /// A copy of the directory while the log is idle equals the files after `kill -9`.
    static func make(isOtherBoot: Bool = false) async throws -> Specimen {
        let first = directory()
        let second = directory()
        defer {
            try? FileManager.default.removeItem(atPath: first)
            try? FileManager.default.removeItem(atPath: second)
        }
        var earlier: [Files] = []
        let before = try await WriteAheadLog.open(at: first, configuration: configuration)
        try fill(before, from: 0)
        try before.setCursor("consumer", to: 3)
        try await before.sync()
        try await before.roll()
        for number in 100..<103 { try await before.append(payload(number)) }
        try await eventually { before.segments.first?.state == .sealed }
        var files = try read(first)
        try await before.close()
        let sealed = files.keys.min() ?? ""
        let whole = files[sealed]
        damage(&files)
        // The abandoned claim never had contents. The flipped bit had another value before.
        earlier.append(files.merging([sealed: whole ?? []]) { $1 })
        try write(files, to: second)

        let log = try await WriteAheadLog.open(at: second, configuration: configuration)
        #expect(log.recovery.findings.map(\.classification) == [.corruption, .abandonedClaims])
        earlier.append(try read(second))
        try fill(log, from: 1000)
        try await log.sync()
        try log.setCursor("consumer", to: 5)
        earlier.append(try read(second))
        try await log.roll()
        try fill(log, from: 2000)
        try await log.sync()
        earlier.append(try read(second))
        try log.setCursor("consumer", to: 60)
        try fill(log, from: 3000)
        var payloads: [UInt64: [UInt8]] = [:]
        for record in try readAll(log.reader()) { payloads[record.sequence.rawValue] = record.payload }
        // Lost in this log, and undamaged in a file that was replaced later.
        payloads[2] = payload(1)
        var specimen = Specimen(
            files: try read(second), earlier: earlier, payloads: payloads,
            cursors: log.cursors.mapValues(\.rawValue))
        try await log.close()
        if isOtherBoot { try specimen.moveToOtherBoot() }
        specimen.remember()
        return specimen
    }

    private static func fill(_ log: WriteAheadLog, from number: Int) throws {
        for index in 0..<2 { try log.appendBlocking(payload(number + index)) }
        var plain = RecordBatch()
        for index in 0..<2 { plain.append(payload(number + 10 + index)) }
        try log.appendBlocking(plain)
        var packed = RecordBatch()
        for index in 0..<30 { packed.append(payload(number + 20 + index % 4, size: 40)) }
        try log.appendBlocking(packed, bookmark: Bookmark(name: "input", position: UInt64(number), metadata: [7]))
        try log.appendBlocking(payload(number + 60))
    }

    /// Flips a bit in the second record, and erases the second of three claims, as of a killed producer.
    private static func damage(_ files: inout Files) {
        let names = files.keys.sorted()
        let sealed = SpecimenSegment(files[names[0]] ?? [], bootID: [])
        files[names[0]]?[sealed.recordFrames[1].offset + 30] ^= 1
        let unsealed = SpecimenSegment(files[names[1]] ?? [], bootID: [])
        let second = unsealed.recordFrames[1]
        for offset in second.offset..<second.end { files[names[1]]?[offset] = 0 }
    }

    /// The segments of a directory, including prepared ones.
    static func read(_ path: String) throws -> Files {
        try contents(of: path).filter { $0.key.hasSuffix(".wal") && !$0.key.contains("/") }.mapValues { [UInt8]($0) }
    }

    static func write(_ files: Files, to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name)) }
    }

    /// Changes the boot identifiers, as if the machine had started again.
    private mutating func moveToOtherBoot() throws {
        func moved(_ files: Files) -> Files {
            files.mapValues { bytes in
                var bytes = bytes
                guard case .header(var header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) }),
                    header.state == .active
                else { return bytes }
                header.bootID = BootID(low: 1, high: 2)
                bytes.withUnsafeMutableBytes { bytes in
                    if let base = bytes.baseAddress { header.encode(to: base) }
                }
                return bytes
            }
        }
        files = moved(files)
        earlier = earlier.map(moved)
    }

    private mutating func remember() {
        remember(earlier + [files])
    }

    /// Records the versions of another log's files, so that the oracle recognizes them in this log.
    mutating func remember(_ versions: [Files]) {
        let boot = BootID.current
        let bootID = withUnsafeBytes(of: (boot.low.littleEndian, boot.high.littleEndian)) { Array($0) }
        for files in versions {
            for bytes in files.values {
                let segment = SpecimenSegment(bytes, bootID: bootID)
                headers[Array(bytes[..<512])] = segment.header
                // The version with the most frames: a file only grows.
                if known[segment.header.incarnation].map({ $0.frames.count < segment.frames.count }) ?? true {
                    known[segment.header.incarnation] = segment
                }
            }
        }
    }
}
