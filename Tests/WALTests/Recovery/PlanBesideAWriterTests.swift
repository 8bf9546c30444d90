import Foundation
import Testing
import WALTesting

@testable import WAL

/// A plan reads files while a writer changes them. Changes that it misses aren't damage.
@Suite struct PlanBesideAWriterTests {
    /// Appends before each of the plan's reads, and within them.
    private final class WriterBetweenReads: StorageHook {
        let log: WriteAheadLog
        private let generator: Monitor<SeededGenerator>
        private let planner = pthread_self()

        init(_ log: WriteAheadLog, seed: UInt64) {
            self.log = log
            generator = Monitor(SeededGenerator(seed: seed))
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .read(_, _, let count) = call, pthread_equal(pthread_self(), planner) != 0 else {
                return .proceed
            }
            let (records, rolls, size) = generator.withLock { generator in
                (
                    Int.random(in: 0...4, using: &generator) * (Bool.random(using: &generator) ? 1 : 10),
                    Int.random(in: 0..<20, using: &generator) == 0, Int.random(in: 1...(16 << 10), using: &generator)
                )
            }
            do {
                for number in 0..<records { try log.appendBlocking(payload(number, size: 200)) }
                if rolls { try log.rollBlocking() }
                // Seals the ended segments, with a sync before or without one.
                try log.engine.commit.lead { engine throws(WALError) in try engine.advance(syncs: records % 2 == 0) }
                log.applyRetentionBlocking()
            } catch { Issue.record(error) }
            return .proceedPartly(min(count, size))
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    @Test(arguments: [WriteAheadLog.RecoveryScope.unsealed, .everything], 1...9 as ClosedRange<UInt64>)
    func findsNoDamage(_ scope: WriteAheadLog.RecoveryScope, seed: UInt64) throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        if seed % 3 == 0 { configuration.sealedCompression = .lz4 }
        if seed % 3 != 1 { configuration.retention.totalSize = 4 << 20 }
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for number in 0..<300 { try log.appendBlocking(payload(number, size: 200)) }
        StorageHooks.install(WriterBetweenReads(log, seed: seed), for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        var count: UInt64 = 0
        for _ in 0..<6 {
            let report = try WriteAheadLog.recoveryPlanBlocking(at: directory.path, scope: scope)
            #expect(report.findings.filter(\.classification.isDamage) == [])
            #expect(log.lastSequence.rawValue > count)
            count = log.lastSequence.rawValue
        }
        StorageHooks.remove(from: directory.path)
        try log.closeBlocking()
    }

    /// When half of a segment has been read, the rest is filled and sealed without a sync, so no stamp states that the first half
    /// is durable.
    private final class SealWithinARead: StorageHook {
        private let log: WriteAheadLog
        private let planner = pthread_self()
        private let isSealed = Monitor(false)

        init(_ log: WriteAheadLog) {
            self.log = log
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .read(_, let offset, let count) = call, pthread_equal(pthread_self(), planner) != 0 else {
                return .proceed
            }
            if count > 64 << 10 { return .proceedPartly(64 << 10) }
            guard offset == 64 << 10, !isSealed.withLock({ $0 }) else { return .proceed }
            isSealed.withLock { $0 = true }
            do {
                while log.statistics.segmentCount < 2 { try log.appendBlocking(payload(7, size: 200)) }
                try log.engine.commit.lead { engine throws(WALError) in try engine.advance(syncs: false) }
            } catch { Issue.record(error) }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    @Test func aSegmentThatIsSealedWhileItIsReadIsWhole() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 0..<100 { try log.appendBlocking(payload(number, size: 200)) }
        StorageHooks.install(SealWithinARead(log), for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let report = try WriteAheadLog.recoveryPlanBlocking(at: directory.path)
        #expect(report.findings.filter(\.classification.isDamage) == [])
        #expect(log.statistics.segmentCount == 2)
        StorageHooks.remove(from: directory.path)
        try log.closeBlocking()
    }
}
