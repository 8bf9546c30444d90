import Foundation
import TestSupport
import Testing

@testable import WAL

/// If a segment ended by its record count before the next one was ready, all producers would wait. If it ended while others claim
/// in it, their records could be lost.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SegmentTargetTests {
    /// Allows this number of preparations, and holds or fails the others.
    private final class PreparationGate: StorageHook {
        private struct State {
            var allowed: Int
            var failure: Int32?
        }

        private let state: Monitor<State>

        init(allowed: Int) {
            state = Monitor(State(allowed: allowed))
        }

        func open() {
            state.withLock { state in
                state.allowed = .max
                state.failure = nil
            }
            state.notifyAll()
        }

        func fail(with number: Int32) {
            state.withLock { $0.failure = number }
            state.notifyAll()
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .open(let path, creates: true) = call, path.hasSuffix(".wal.new") else { return .proceed }
            return state.wait(until: .now + .seconds(30)) { state in
                if let failure = state.failure { return .fail(failure) }
                guard state.allowed > 0 else { return nil }
                if state.allowed < .max { state.allowed -= 1 }
                return .proceed
            } ?? .fail(EIO)
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    private static let target = 10
    private let directory = TemporaryDirectory()

    private func configuration(_ policy: WriteAheadLog.SyncPolicy = .manual) -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.targetSegmentRecords = Self.target
        return configuration
    }

    /// Returns when the next segment is ready, and the active one may end by its records.
    private func waitUntilNextIsReady(_ log: WriteAheadLog) async throws {
        try await eventually { log.engine.catalog.state.withLock({ $0.isNextReady }) }
        try await Task.sleep(for: .milliseconds(60))
    }

    private func appendWhenThereIsSpace(_ bytes: [UInt8], to log: WriteAheadLog) async throws {
        for _ in 0..<6000 {
            if (try? await log.append(bytes)) != nil { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        try await log.append(bytes)
    }

    private func recordCounts() throws -> [UInt64?] {
        try ReadOnlyLog(at: directory.path).segments.map(\.recordCount)
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.manual, .interval(.milliseconds(1)), .always])
    func aSegmentEndsWithItsTargetWhereTheNextIsReady(_ policy: WriteAheadLog.SyncPolicy) async throws {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration(policy))
        for round in 0..<6 {
            try await waitUntilNextIsReady(log)
            for number in 1...Self.target { try await log.append(payload(round * Self.target + number)) }
            // The producer that appends the last of these records ends the segment at once.
            #expect(log.segments.last?.firstSequence.rawValue == UInt64((round + 1) * Self.target + 1))
        }
        #expect(try readAll(log.reader()).map(\.payload) == (1...60).map { payload($0) })
        try await log.close()
        #expect(try recordCounts() == Array(repeating: 10, count: 6) + [0])
    }

    /// A batch that exceeds the target ends the segment, too. It may be larger than the target.
    @Test func aBatchIsNotBoundByTheTarget() async throws {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        for (round, count) in [7, 3 * Self.target, Self.target].enumerated() {
            try await waitUntilNextIsReady(log)
            if round == 0 { for number in 1...5 { try await log.append(payload(number)) } }
            var batch = RecordBatch()
            for number in 1...count { batch.append(payload(number)) }
            try await log.append(batch)
        }
        try await log.close()
        #expect(try recordCounts() == [12, 30, 10, 0])
    }

    @Test func nobodyWaitsWhileTheNextIsBeingPrepared() async throws {
        let gate = PreparationGate(allowed: 1)
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        for number in 1...500 { try await log.append(payload(number)) }
        try await Task.sleep(for: .milliseconds(60))
        #expect(log.segments.count == 1)
        // Then the segment ends although no producer appends.
        gate.open()
        try await eventually { log.segments.count == 2 }
        #expect(log.segments.last?.firstSequence == 501)
        try await log.append(payload(501))
        #expect(try readAll(log.reader()).map(\.payload) == (1...501).map { payload($0) })
        try await log.close()
        #expect(try recordCounts() == [500, 1])
    }

    @Test func aPreparationThatFailsHoldsUpNobodyBeforeTheSegmentIsFull() async throws {
        let gate = PreparationGate(allowed: 1)
        gate.fail(with: ENOSPC)
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        gate.open()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        try await waitUntilNextIsReady(log)
        try await eventually { log.statistics.preparedSegmentCount == 2 }
        gate.fail(with: ENOSPC)
        var written: [[UInt8]] = []
        var failure: WALError?
        while failure == nil, written.count < 100_000 {
            let bytes = payload(written.count, size: 200)
            do throws(WALError) {
                try await log.append(bytes)
                written.append(bytes)
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .diskFull)
        // The last of the three segments is filled. On a slow machine, the other two end by their record count.
        #expect(written.count > 500)
        gate.open()
        // The log repeats a failed preparation after a pause.
        try await appendWhenThereIsSpace([1], to: log)
        written.append([1])
        #expect(try readAll(log.reader()).map(\.payload) == written)
        try await log.close()
        let again = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        #expect(try readAll(again.reader()).map(\.payload) == written)
        try await again.close()
    }

    private func fileSizes() throws -> Set<Int> {
        let names = try segmentNames(directory.path)
        return Set(
            names.compactMap { name in
                let path = directory.path + "/" + name
                return try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            })
    }

    /// The log makes smaller files if small ones suffice. A record that fits into none of them is appended all the same, and the
    /// files become large again.
    @Test(arguments: [false, true]) func aLargeRecordComesThroughAfterSmallSegments(_ isTask: Bool) async throws {
        var configuration = configuration()
        configuration.segmentSize = 4 << 20
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        var written: [[UInt8]] = []
        @Sendable func append(_ bytes: [UInt8]) async throws {
            if isTask {
                try await log.append(bytes)
            } else {
                try await withCheckedThrowingContinuation { done in
                    Thread.detachNewThread { done.resume(with: Result { _ = try log.appendBlocking(bytes) }) }
                }
            }
        }
        for round in 0..<6 {
            try await waitUntilNextIsReady(log)
            try await eventually { log.statistics.preparedSegmentCount == configuration.maxPreparedSegments }
            for number in 1...Self.target { written.append(payload(round * Self.target + number)) }
            for bytes in written.suffix(Self.target) { try await append(bytes) }
        }
        try await eventually { log.statistics.preparedSegmentCount == configuration.maxPreparedSegments }
        // The first segment has the size that a record could need, until the sealer cuts it.
        try await eventually { log.statistics.diskBytes < configuration.segmentSize }
        for number in 0..<3 {
            written.append([UInt8](repeating: UInt8(number), count: 3 << 20))
            try await append(written[written.count - 1])
        }
        try await eventually { log.statistics.preparedSegmentCount == configuration.maxPreparedSegments }
        #expect(try fileSizes().contains(configuration.segmentSize))
        #expect(try readAll(log.reader()).map(\.payload) == written)
        try await log.close()
        let again = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        #expect(try readAll(again.reader()).map(\.payload) == written)
        try await again.close()
        // The prepared segment was too small for the first of the large records, and so was the active one.
        #expect(try recordCounts().count { $0 == 0 } <= configuration.maxPreparedSegments + 3)
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.manual, .interval(.milliseconds(1))])
    func theBudgetIsKeptWithFilesOfAllSizes(_ policy: WriteAheadLog.SyncPolicy) async throws {
        var configuration = configuration(policy)
        configuration.segmentSize = 2 << 20
        let budget = 4 * configuration.segmentSize
        configuration.diskBudget = budget
        configuration.whenFull = .wait(.seconds(300))
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        let isDone = Monitor(false)
        let watch = Task.detached {
            var most = 0
            while !isDone.withLock({ $0 }) {
                most = max(most, log.statistics.diskBytes)
                try await Task.sleep(for: .microseconds(200))
            }
            return most
        }
        let total: UInt64 = 3000
        let writer = Task.detached {
            for number in 0..<Int(total) {
                let size = number % 500 == 499 ? 1 << 20 + 1 << 19 : 20_000
                try await log.append([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size))
                if number % 300 == 0 { try await Task.sleep(for: .milliseconds(60)) }
            }
        }
        let reader = log.reader()
        var seen: UInt64 = 0
        while seen < total {
            while let record = try reader.next() {
                seen += 1
                #expect(record.sequence.rawValue == seen)
                #expect(record.payload.last == UInt8(truncatingIfNeeded: seen - 1))
            }
            try log.setCursor("consumer", to: SequenceNumber(rawValue: seen))
            if seen < total { try await reader.waitForMore() }
        }
        try await writer.value
        isDone.withLock { $0 = true }
        #expect(try await watch.value <= budget)
        #expect(log.firstSequence > 1)
        try await log.close()
    }

    /// Segments end by record count, by size, by large frames and by `roll`, concurrently.
    @Test(arguments: [WriteAheadLog.SyncPolicy.manual, .interval(.milliseconds(1))])
    func nothingIsLostWhileSegmentsEndInAllWays(_ policy: WriteAheadLog.SyncPolicy) async throws {
        var configuration = configuration(policy)
        configuration.segmentSize = 2 << 20
        configuration.targetSegmentRecords = 1
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        let isDone = Monitor(false)
        let writers = (0..<4).map { writer in
            Task.detached {
                var count = 0
                while !isDone.withLock({ $0 }) {
                    let size = writer == 0 && count % 100 == 50 ? 1 << 20 + 1 << 19 : 100
                    var bytes = [UInt8](repeating: UInt8(writer), count: size)
                    bytes[0] = UInt8(truncatingIfNeeded: count)
                    if count % 3 == 0 {
                        var batch = RecordBatch()
                        batch.append(bytes)
                        try await log.append(batch)
                    } else {
                        try await log.append(bytes)
                    }
                    count += 1
                    if count % 50 == 0 { try await Task.sleep(for: .milliseconds(5)) }
                }
                return count
            }
        }
        for round in 0..<(Torture.isLong ? 80 : 16) {
            try await Task.sleep(for: .milliseconds(50))
            if round % 4 == 0 { try await log.roll() }
        }
        isDone.withLock { $0 = true }
        var counts: [Int] = []
        for writer in writers { counts.append(try await writer.value) }
        func check(_ reader: LogReader) throws {
            var next = [0, 0, 0, 0]
            var sequence: UInt64 = 0
            // One expectation for all records, because an expectation takes longer than the reading.
            var wrong: [UInt64] = []
            while let record = try reader.next() {
                sequence += 1
                let writer = Int(record.payload.last ?? 0)
                let isNext = record.payload[0] == UInt8(truncatingIfNeeded: next[writer])
                if record.sequence.rawValue != sequence || !isNext { wrong.append(sequence) }
                next[writer] += 1
            }
            #expect(wrong.isEmpty)
            #expect(next == counts)
        }
        try check(log.reader())
        // `roll` alone makes seven segments. The number of others depends on the machine.
        #expect(log.segments.count > 6)
        try await log.close()
        let again = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        #expect(again.recovery.steps.isEmpty)
        try check(again.reader())
        try await again.close()
    }
}
