import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A compressed segment is the only copy of its records, so each reader must find them there unchanged.
@Suite struct CompressedSegmentTests {
    @Test func readersDoNotNotice() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: Self.configuration)
        let before = log.reader()
        let payloads = try Self.fill(log)
        #expect(try before.next()?.payload == payloads[0])
        Self.waitUntilCompressed(log)
        #expect(log.segments.contains { $0.state == .sealed && $0.fileSize * 5 < $0.payloadSize ?? 0 })

        #expect(try readAll(before).map(\.payload) == Array(payloads[1...]))
        #expect(try readAll(log.reader()).map(\.payload) == payloads)
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.payload) == payloads)
        for sequence in stride(from: 1, through: payloads.count, by: 501) {
            let record = try log.reader(from: SequenceNumber(rawValue: UInt64(sequence))).next()
            #expect(record?.sequence.rawValue == UInt64(sequence))
            #expect(record?.payload == payloads[sequence - 1])
            guard let record else { continue }
            let found = try log.reader(since: record.time).next()
            #expect(found.map { $0.time == record.time && $0.sequence <= record.sequence } ?? false)
        }
        try log.setCursor("consumer", to: 7)
        try log.closeBlocking()

        for scope in [WriteAheadLog.RecoveryScope.unsealed, .everything] {
            var configuration = Self.configuration
            configuration.recoveryScope = scope
            let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
            #expect(again.recovery.findings.isEmpty)
            #expect(try readAll(again.reader()).map(\.payload) == payloads)
            #expect(again.cursors == ["consumer": 7])
            try again.closeBlocking()
        }
    }

    @Test func standardToolsGiveThePlainFileBack() throws {
        let directory = TemporaryDirectory()
        var configuration = Self.configuration
        configuration.sealedCompression = .none
        let plain = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        _ = try Self.fill(plain)
        try plain.closeBlocking()
        let files = try contents(of: directory.path)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: Self.configuration)
        Self.waitUntilCompressed(log)
        try log.closeBlocking()
        for name in try Self.compressedNames(directory.path) {
            let tool = Process()
            tool.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            let path = directory.path + "/" + name
            tool.arguments = ["lz4", "-q", "-d", "-f", path, path + ".plain"]
            try tool.run()
            tool.waitUntilExit()
            #expect(tool.terminationStatus == 0)
            #expect(FileManager.default.contents(atPath: path + ".plain") == files[String(name.dropLast(4))])
        }
    }

    @Test func retentionRemovesThem() throws {
        let directory = TemporaryDirectory()
        var configuration = Self.configuration
        configuration.retention.totalSize = 0
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: .zero)
        let payloads = try Self.fill(log)
        Self.waitUntilCompressed(log)
        try log.setCursor("consumer", to: log.lastSequence)
        log.applyRetentionBlocking()
        #expect(log.segments.count <= 2)
        let first = Int(log.firstSequence.rawValue)
        #expect(try readAll(log.reader()).map(\.payload) == Array(payloads[(first - 1)...]))
        try log.closeBlocking()
        #expect(try segmentNames(directory.path).count + Self.compressedNames(directory.path).count <= 2)
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        #expect(again.recovery.findings.isEmpty)
        try again.closeBlocking()
    }

    @Test func whatSavesTooLittleStaysPlain() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: Self.configuration)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            try log.appendBlocking((0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
        try log.rollBlocking()
        let compressible = try Self.fill(log)
        Self.waitUntilCompressed(log, from: 2001)
        #expect(try !segmentNames(directory.path).isEmpty)
        #expect(log.segments.filter { $0.firstSequence <= 2000 }.allSatisfy { !$0.path.hasSuffix(".lz4") })
        #expect(try readAll(log.reader(from: 2001)).map(\.payload) == compressible)
        try log.closeBlocking()
        #expect(try contents(of: directory.path).keys.allSatisfy { !$0.hasSuffix(".new") })
    }

    @Test func theDiskBudgetHolds() throws {
        let directory = TemporaryDirectory()
        var configuration = Self.configuration
        configuration.diskBudget = 5 * configuration.segmentSize
        configuration.whenFull = .fail
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: .zero)
        var written = 0
        // More than fits without compression.
        let wanted = 12 * configuration.segmentSize / 200
        let patience = ContinuousClock.now + .seconds(600)
        while written < wanted, .now < patience {
            do { try log.appendBlocking(payload(written, size: 200)) } catch {
                #expect(error.code == .logFull)
                usleep(1000)
                continue
            }
            written += 1
            if written % 100 == 0 { #expect(log.statistics.diskBytes <= configuration.diskBudget ?? 0) }
        }
        #expect(written == wanted)
        #expect(try readAll(log.reader()).map(\.payload) == (0..<wanted).map { payload($0, size: 200) })
        try log.closeBlocking()
    }

    @Test func aDiskThatTakesNothingLosesNothing() throws {
        let root = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let storage = try FaultyStorage(root, recording: false)
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: Self.configuration)
        let payloads = try Self.fill(log)
        storage.fail(.rename, times: 1000, with: .inputOutput)
        try log.closeBlocking()
        storage.heal()
        let again = try WriteAheadLog.openBlocking(at: root + "/log", configuration: Self.configuration)
        #expect(again.recovery.findings.isEmpty)
        #expect(try readAll(again.reader()).map(\.payload) == payloads)
        Self.waitUntilCompressed(again)
        #expect(try readAll(again.reader()).map(\.payload) == payloads)
        try again.closeBlocking()
    }

    // MARK: Damage

    @Test func whereBothFilesAreThePlainOneCounts() throws {
        let (directory, payloads, plain) = try Self.compressedLog()
        let name = try #require(Self.compressedNames(directory.path).first)
        // Compression was interrupted before its end, and the other file may have any contents.
        try #require(plain[String(name.dropLast(4))]).write(
            to: URL(fileURLWithPath: directory.path + "/" + name.dropLast(4)))
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: directory.path + "/" + name))
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.payload) == payloads)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.findings.isEmpty)
        #expect(
            log.recovery.steps.contains {
                $0.action == .remove && $0.segment == SegmentName.number(name, suffix: SegmentName.compressedSuffix)
            })
        #expect(try readAll(log.reader()).map(\.payload) == payloads)
        try log.closeBlocking()
        #expect(try !Self.compressedNames(directory.path).contains(name))
    }

    /// Each flipped bit loses at most the records of its block, is reported, and is found once.
    @Test func aBitThatTurnsCostsABlock() throws {
        let (directory, payloads, _) = try Self.compressedLog()
        let files = try contents(of: directory.path)
        let name = try #require(Self.compressedNames(directory.path).dropFirst().first)
        let whole = [UInt8](try #require(files[name]))
        var generator = SeededGenerator(seed: 7)
        let table = whole.count - (544 + 8 * 16)
        // Frame header, first block, random places, table and trailer.
        let places =
            [0, 5, 14, 16, 20, 40]
            + (0..<(Torture.isLong ? 20 : 8)).map { _ in Int.random(in: 0..<whole.count, using: &generator) }
            + stride(from: table, to: whole.count, by: Torture.isLong ? 17 : 211)
        for place in places {
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            try Self.check(name, bytes, files, payloads, blocksMax: 4, "bit at \(place) of \(whole.count)")
        }
    }

    @Test func aFileThatIsCutCostsWhatIsCutOff() throws {
        let (directory, payloads, _) = try Self.compressedLog()
        let files = try contents(of: directory.path)
        let name = try #require(Self.compressedNames(directory.path).dropFirst().first)
        let whole = [UInt8](try #require(files[name]))
        for count in [0, 3, 15, 19, 100, whole.count / 2, whole.count - 500, whole.count - 25, whole.count - 1] {
            try Self.check(name, Array(whole[..<count]), files, payloads, blocksMax: .max, "cut to \(count)")
        }
    }

    /// Replaces a file and opens the log, twice.
    private static func check(
        _ name: String, _ bytes: [UInt8], _ files: [String: Data], _ payloads: [[UInt8]], blocksMax: Int,
        _ comment: Comment
    ) throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        for (other, data) in files { try data.write(to: URL(fileURLWithPath: directory.path + "/" + other)) }
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path + "/" + name))
        // A reader reports the damage or doesn't reach it. The records that it returns are right.
        let reader = try ReadOnlyLog(at: directory.path).reader()
        while let record = try? reader.next() {
            #expect(record.payload == payloads[Int(record.sequence.rawValue) - 1], comment)
        }

        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        let found = try readAll(log.reader())
        for record in found { #expect(record.payload == payloads[Int(record.sequence.rawValue) - 1], comment) }
        let lost = Set(1...UInt64(payloads.count)).subtracting(found.map(\.sequence.rawValue))
        let reported = log.recovery.findings.compactMap(\.sequences)
        #expect(
            lost.allSatisfy { number in reported.contains { $0.contains(SequenceNumber(rawValue: number)) } }, comment)
        #expect(log.recovery.findings.allSatisfy { $0.classification == .corruption && $0.isAcknowledged }, comment)
        let perBlock = CompressedLayout.blockSize / 200
        #expect(lost.count / perBlock < blocksMax, comment)
        if !lost.isEmpty || !log.recovery.findings.isEmpty {
            let kept = try contents(of: directory.path).filter { $0.key.hasPrefix("damaged/") }
            #expect(kept.values.contains(Data(bytes)), comment)
        }
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        #expect(again.recovery.findings.isEmpty, comment)
        #expect(try readAll(again.reader()) == found, comment)
        try again.closeBlocking()
    }

    // MARK: Making the logs

    private static var configuration: WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 1 << 20
        configuration.sealedCompression = .lz4
        return configuration
    }

    /// Appends records, and batches that cross the ends of blocks.
    private static func fill(_ log: WriteAheadLog) throws -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        while payloads.count < 12_000 {
            for _ in 0..<50 {
                payloads.append(payload(payloads.count, size: 200))
                try log.appendBlocking(payloads[payloads.count - 1])
            }
            guard payloads.count % 2000 == 0 else { continue }
            var batch = RecordBatch()
            for _ in 0..<500 {
                payloads.append(payload(payloads.count, size: 100 + payloads.count % 300))
                batch.append(payloads[payloads.count - 1])
            }
            try log.appendBlocking(batch)
        }
        try log.rollBlocking()
        return payloads
    }

    /// Also returns the plain files that the compressed ones replaced.
    private static func compressedLog() throws -> (TemporaryDirectory, [[UInt8]], [String: Data]) {
        let directory = TemporaryDirectory()
        var configuration = configuration
        configuration.sealedCompression = .none
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        let payloads = try fill(log)
        try log.closeBlocking()
        let plain = try contents(of: directory.path)
        try compressAll(in: directory.path)
        return (directory, payloads, plain)
    }

    /// Compresses all segments but those that this opening and closing add.
    static func compressAll(in directory: String) throws {
        let log = try WriteAheadLog(in: Directory(path: directory), configuration: configuration, as: .any)
        waitUntilCompressed(log)
        try log.closeBlocking()
    }

    private static func waitUntilCompressed(_ log: WriteAheadLog, from first: SequenceNumber = 1) {
        eventuallyBlocking {
            !log.segments.contains {
                $0.firstSequence >= first && $0.state != .active && $0.state != .prepared && !$0.path.hasSuffix(".lz4")
                    && $0.recordCount != 0
            }
        }
    }

    private static func compressedNames(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".lz4") }.sorted()
    }

    private static func size(of directory: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
            // Files may vanish meanwhile.
            let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}
