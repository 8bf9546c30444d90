import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// Compression replaces the only copy of records. After any failure, the log has each record once.
@Suite struct CompressionFailureTests {
    /// The footer is at the end of the file. Space past a footer that an opening wrote is cut later, or not at all.
    @Test func whatWasNotCutIsCompressedUpToItsFooter() throws {
        let (root, place) = (LogImage.directory(), LogImage.directory())
        defer { for path in [root, place] { try? FileManager.default.removeItem(atPath: path) } }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let first = try FaultyStorage(root, recording: true)
        let killed = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
        for number in 0..<100 { try killed.appendBlocking(payload(number, size: 200)) }
        try #require(first.imageOfKilledProcess()).write(to: place)
        try killed.closeBlocking()

        let storage = try FaultyStorage(place, recording: false)
        storage.fail(.truncate, times: 1000, with: .inputOutput)
        let log = try WriteAheadLog.openBlocking(at: place + "/log", configuration: Self.configuration)
        try eventuallyBlocking { try !Self.compressedNames(place + "/log").isEmpty }
        storage.heal()
        try log.closeBlocking()

        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let again = try WriteAheadLog.openBlocking(at: place + "/log", configuration: configuration)
        #expect(again.recovery.findings.isEmpty)
        #expect(again.recovery.steps.isEmpty, "\(again.recovery.steps)")
        #expect(try readAll(again.reader()).map(\.payload) == (0..<100).map { payload($0, size: 200) })
        try again.closeBlocking()
    }

    /// Both files of a segment exist. Retention removes both, because one of them alone would reappear, followed by a gap.
    @Test(arguments: [StorageOperation.remove, .syncDirectory]) func whatIsThereTwiceGoesTwice(
        _ operation: StorageOperation
    ) throws {
        let root = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { StorageHooks.remove(from: root) }
        var configuration = Self.configuration
        configuration.sealedCompression = .none
        let plain = try WriteAheadLog.openBlocking(at: root + "/log", configuration: configuration)
        for number in 0..<3000 { try plain.appendBlocking(payload(number, size: 200)) }
        try plain.setCursor("consumer", to: .zero)
        try plain.closeBlocking()

        configuration.sealedCompression = .lz4
        configuration.retention.totalSize = 0
        let hook = KeptPlainFiles(root, failing: operation)
        StorageHooks.install(hook, for: root)
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: configuration)
        eventuallyBlocking { hook.count > 2 }
        StorageHooks.remove(from: root)
        try log.setCursor("consumer", to: log.lastSequence)
        log.applyRetentionBlocking()
        #expect(log.segments.count <= 2)
        let first = log.firstSequence
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
        #expect(again.recovery.findings.isEmpty, "\(again.recovery.findings)")
        #expect(again.firstSequence >= first)
        try again.closeBlocking()
    }

    /// Closing doesn't wait for the compression of gigabytes.
    @Test func closingStopsCompressing() throws {
        let root = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        var configuration = Self.configuration
        configuration.segmentSize = 16 << 20
        configuration.sealedCompression = .none
        let plain = try WriteAheadLog.openBlocking(at: root + "/log", configuration: configuration)
        try plain.appendBlocking(payload(0, size: 10))
        try plain.rollBlocking()
        for number in 0..<60000 { try plain.appendBlocking(payload(number, size: 200)) }
        try plain.closeBlocking()
        configuration.sealedCompression = .lz4
        let slow = SlowReads()
        StorageHooks.install(slow, for: root)
        defer { StorageHooks.remove(from: root) }
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: configuration)
        eventuallyBlocking { slow.count > SlowReads.countBeforeHolding }
        // The reads continue slowly after closing has begun.
        Thread.detachNewThread {
            func isOpen() -> Bool { if case .open = log.engine.catalog.state.withLock(\.phase) { true } else { false } }
            eventuallyBlocking { !isOpen() }
            slow.resume()
        }
        try log.closeBlocking()
        #expect(slow.count < 100, "of \((60000 * 224) >> 16) blocks")
    }

    /// `lz4 -d` in the log's directory makes a plain file next to the compressed one, or a part of it if it is stopped.
    @Test(arguments: [0, 500, 70_000]) func aPartThatSomebodyUnpackedCostsNothing(_ size: Int) throws {
        let (directory, _) = try Self.withPlainFile(of: size)
        let beside = try ReadOnlyLog(at: directory.path)
        #expect(try readAll(beside.reader()).count == Self.recordCount)
        let steps = try WriteAheadLog.recoveryPlanBlocking(at: directory.path).steps
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(again.recovery.findings.isEmpty)
        #expect(again.recovery.steps == steps)
        #expect(try readAll(again.reader()).count == Self.recordCount)
        try again.closeBlocking()
    }

    /// If the plain file counts and is damaged, the compressed file is the source from which to restore its records.
    @Test func aCompressedFileBesideADamagedOneIsKept() throws {
        let (directory, compressed) = try Self.withPlainFile(of: .max, isDamaged: true)
        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        #expect(again.recovery.findings.map(\.classification) == [.corruption])
        #expect(try readAll(again.reader()).count < Self.recordCount)
        try again.closeBlocking()
        let kept = try contents(of: directory.path).filter { $0.key.hasPrefix("damaged/") }
        #expect(kept.values.contains(compressed))
    }

    /// If an opening ends at any call, the next one finds the same log.
    @Test func anOpeningWithTwoFilesCanEndAnywhere() throws {
        let (original, _) = try Self.withPlainFile(of: 70_000)
        let files = try contents(of: original.path)
        var wasInterrupted = true
        var number = 1
        while wasInterrupted {
            let root = LogImage.directory()
            defer { try? FileManager.default.removeItem(atPath: root) }
            try FileManager.default.createDirectory(atPath: root + "/log", withIntermediateDirectories: true)
            for (name, data) in files { try data.write(to: URL(fileURLWithPath: root + "/log/" + name)) }
            let storage = try FaultyStorage(root, recording: false)
            storage.fail(at: number, times: .max - number, with: .inputOutput)
            try? WriteAheadLog.openBlocking(at: root + "/log", configuration: .small()).closeBlocking()
            wasInterrupted = !storage.injectedFaults.isEmpty
            storage.heal()
            let again = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
            #expect(again.recovery.findings.isEmpty, "call \(number)")
            #expect(try readAll(again.reader()).count == Self.recordCount, "call \(number)")
            try again.closeBlocking()
            number += 1
        }
        #expect(number > 20)
    }

    private static let recordCount = 3000

    /// A log of compressed segments. One of them also has a plain file, of this size. Also returns the bytes of its compressed
    /// file.
    private static func withPlainFile(of size: Int, isDamaged: Bool = false) throws -> (TemporaryDirectory, Data) {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for number in 0..<recordCount { try log.appendBlocking(payload(number, size: 200)) }
        try log.rollBlocking()
        try eventuallyBlocking { try compressedNames(directory.path).count > 3 }
        try log.closeBlocking()
        let path = directory.path + "/" + (try #require(try compressedNames(directory.path).dropFirst().first))
        let compressed = try CompressedSegment(try File(path, .read))
        var plain = [UInt8](repeating: 0, count: compressed.size)
        _ = try plain.withUnsafeMutableBytes { try compressed.read(at: 0, into: $0) }
        if isDamaged { plain[50_000] ^= 1 }
        try Data(plain.prefix(size)).write(to: URL(fileURLWithPath: String(path.dropLast(4))))
        return (directory, try #require(FileManager.default.contents(atPath: path)))
    }

    // MARK: Hooks and files

    /// Leaves both files of each segment: the plain one isn't removed, or its removal isn't durable.
    private final class KeptPlainFiles: StorageHook {
        private let root: String
        private let operation: StorageOperation
        private let state = Monitor((isDue: false, count: 0))
        var count: Int { state.withLock { $0.count } }

        init(_ root: String, failing operation: StorageOperation) {
            self.root = root
            self.operation = operation
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            switch call {
            case .rename(_, let path) where path.hasSuffix(SegmentName.compressedSuffix):
                state.withLock { $0.isDue = true }
                return .proceed
            case .remove(let path) where operation == .remove && path.hasSuffix(SegmentName.suffix):
                return isDue ? .fail(EIO) : .proceed
            case .syncDirectory where operation == .syncDirectory:
                return isDue ? .fail(EIO) : .proceed
            default: return .proceed
            }
        }

        private var isDue: Bool {
            state.withLock { state in
                defer { state.isDue = false }
                if state.isDue { state.count += 1 }
                return state.isDue
            }
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    private final class SlowReads: StorageHook {
        /// After this number of blocks, reading stops until ``resume()``.
        static let countBeforeHolding = 20
        private let reads = Monitor(0)
        private let isHolding = Monitor(true)
        var count: Int { reads.withLock { $0 } }

        func resume() { isHolding.withLock { $0 = false } }

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .read(_, _, let size) = call, size == CompressedLayout.blockSize {
                let count = reads.withLock { reads in
                    reads += 1
                    return reads
                }
                usleep(10_000)
                if count > Self.countBeforeHolding { eventuallyBlocking { !isHolding.withLock { $0 } } }
            }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    private static var configuration: WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.sealedCompression = .lz4
        return configuration
    }

    private static func compressedNames(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".lz4") }.sorted()
    }
}
