import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL

/// Concurrent appends, reads, rolls and removals must look as if they had happened one after another. A caller relies on a record
/// whose number it has received.
@Suite(.serialized) struct LinearizabilityTests {
    private static let appendersMax = 4

    /// The state that the threads share. The log is thread-safe, and a lock protects the histories.
    private final class Run: Sendable {
        let log: WriteAheadLog
        let clock = MomentClock()
        let history = Monitor(OperationHistory())
        let appending = Atomic(appendersMax)

        init(_ log: WriteAheadLog) { self.log = log }

        var isAppending: Bool { appending.load(ordering: .sequentiallyConsistent) > 0 }

        func append(_ thread: Int, count: Int) throws {
            var mine = OperationHistory()
            defer { appending.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
            for number in 0..<count {
                // Sometimes larger than a claim by addition allows.
                let size = number % 97 == 0 ? 20_000 : number * 37 % 900
                let payload =
                    [UInt8(thread), UInt8(number & 255), UInt8(number >> 8)] + [UInt8](repeating: 7, count: size)
                let call = clock.now()
                let sequence = try log.appendBlocking(payload)
                mine.appends.append(
                    .init(moments: .init(call: call, end: clock.now()), sequence: sequence.rawValue, payload: payload))
            }
            history.withLock { $0.add(mine) }
        }

        func read(_ thread: Int) throws {
            var mine = OperationHistory()
            var round: UInt64 = 0
            while isAppending || round < 2 {
                round += 1
                let claimed = log.engine.catalog.waitForClaimed().sequence
                let start = thread == 0 ? 1 : max(1, claimed - min(claimed, 50))
                let call = clock.now()
                let reader = log.reader(from: SequenceNumber(rawValue: start))
                var records: [(sequence: UInt64, payload: [UInt8])] = []
                // A claimed, uncommitted frame of the log itself, such as a sync mark, holds up the records after it.
                let patience = ContinuousClock.now + .seconds(600)
                repeat {
                    while let entry = try reader.nextEntry() {
                        switch entry {
                        case .record(let record): records.append((record.sequence.rawValue, record.payload))
                        // Retention may be ahead of the reader.
                        case .gap(let gap): #expect(gap.reason == .removed && records.isEmpty)
                        }
                    }
                } while reader.nextSequence.rawValue <= claimed && .now < patience
                mine.reads.append(.init(moments: .init(call: call, end: clock.now()), start: start, records: records))
            }
            history.withLock { $0.add(mine) }
        }

        func rollAndTruncate() throws {
            var mine = OperationHistory()
            while isAppending {
                usleep(2000)
                try log.rollBlocking()
                let claimed = log.engine.catalog.waitForClaimed().sequence
                let passed = claimed - min(claimed, 400)
                let call = clock.now()
                // From here on, the log's own thread may also remove what the consumer has passed.
                try log.setCursor("consumer", to: SequenceNumber(rawValue: passed))
                log.applyRetentionBlocking()
                let first = log.firstSequence.rawValue
                mine.truncations.append(
                    .init(moments: .init(call: call, end: clock.now()), first: first, firstAtMost: passed + 1))
            }
            history.withLock { $0.add(mine) }
        }
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.interval(.milliseconds(1)), .bytes(100_000)])
    func whatThreadsSeeFitsOneOrder(_ policy: WriteAheadLog.SyncPolicy) throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.segmentSize = 64 << 10
        configuration.targetSegmentRecords = 50
        configuration.retention = WriteAheadLog.Retention(age: .zero)
        let run = Run(try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration))
        try run.log.setCursor("consumer", to: .zero)
        let failures = Monitor<[String]>([])
        var work: [@Sendable () throws -> Void] = []
        for thread in 0..<Self.appendersMax { work.append { try run.append(thread, count: 600) } }
        for thread in 0..<2 { work.append { try run.read(thread) } }
        work.append { try run.rollAndTruncate() }
        let done = DispatchGroup()
        for body in work {
            done.enter()
            Thread.detachNewThread {
                do { try body() } catch { failures.withLock { $0.append("\(error)") } }
                done.leave()
            }
        }
        done.wait()
        #expect(failures.withLock { $0 } == [])
        let history = run.history.withLock { $0 }
        #expect(history.violations.prefix(5) == [])
        #expect(history.appends.count == 2400 && history.reads.count > 2)
        // On a busy machine, the log may not have removed anything yet.
        try run.log.syncBlocking()
        try run.log.setCursor("consumer", to: run.log.lastSequence)
        eventuallyBlocking {
            run.log.applyRetentionBlocking()
            return run.log.firstSequence > 1
        }
        try run.log.closeBlocking()
    }

    // MARK: The checker itself

    private func history(
        appends: [(call: UInt64, end: UInt64, sequence: UInt64)],
        reads: [(call: UInt64, end: UInt64, start: UInt64, found: [UInt64])],
        truncations: [(call: UInt64, end: UInt64, first: UInt64, atMost: UInt64)] = []
    ) -> OperationHistory {
        OperationHistory(
            appends: appends.map {
                .init(moments: .init(call: $0.call, end: $0.end), sequence: $0.sequence, payload: [UInt8($0.sequence)])
            },
            reads: reads.map { read in
                .init(
                    moments: .init(call: read.call, end: read.end), start: read.start,
                    records: read.found.map { ($0, [UInt8($0)]) })
            },
            truncations: truncations.map {
                .init(moments: .init(call: $0.call, end: $0.end), first: $0.first, firstAtMost: $0.atMost)
            })
    }

    @Test func whatCanBeIsNoViolation() {
        // 1 is still being appended when 2 is done, so a reader may see neither.
        #expect(history(appends: [(1, 9, 1), (2, 3, 2)], reads: [(4, 5, 1, [])]).violations == [])
        #expect(history(appends: [(1, 9, 1), (2, 3, 2)], reads: [(4, 5, 1, [1, 2])]).violations == [])
        let removed = history(
            appends: [(1, 2, 1), (3, 4, 2)], reads: [(7, 8, 1, [2])], truncations: [(5, 6, 2, 2)])
        #expect(removed.violations == [])
        // The consumer has passed 1, which the log removes later.
        let removedLater = history(
            appends: [(1, 2, 1), (3, 4, 2)], reads: [(7, 8, 1, [2]), (7, 8, 1, [1, 2])], truncations: [(5, 6, 1, 2)])
        #expect(removedLater.violations == [])
    }

    @Test func whatCannotBeIsTold() {
        let cases = [
            history(appends: [(1, 2, 2), (3, 4, 1)], reads: []),
            history(appends: [(1, 2, 1), (3, 4, 1)], reads: []),
            history(appends: [(1, 2, 1), (3, 4, 2)], reads: [(5, 6, 1, [1])]),
            history(appends: [(1, 2, 1), (3, 4, 2)], reads: [(5, 6, 1, [])]),
            history(appends: [(1, 2, 1), (3, 4, 2)], reads: [(5, 6, 1, [2, 1])]),
            history(appends: [(1, 2, 1), (7, 8, 2)], reads: [(5, 6, 1, [1, 2])]),
            history(appends: [(1, 20, 1), (2, 20, 2)], reads: [(3, 4, 1, [1, 2]), (5, 6, 1, [1])]),
            history(appends: [(1, 2, 1), (3, 4, 2)], reads: [(5, 6, 1, [2])]),
            history(appends: [(1, 2, 1), (3, 4, 2)], reads: [(7, 8, 1, [1, 2])], truncations: [(5, 6, 2, 2)]),
            history(appends: [(1, 2, 1), (3, 4, 2)], reads: [(7, 8, 1, [2])], truncations: [(5, 6, 1, 1)]),
        ]
        for (index, wrong) in cases.enumerated() { #expect(!wrong.violations.isEmpty, "case \(index)") }
    }
}
