import Foundation
import TestSupport
import Testing

@testable import WAL

/// Changes of cursors that wait for a segment.
@Suite struct PendingMarkersTests {
    /// A log whose budget is used up, with no segment open, until the cursor `holder` moves to its last record.
    private func fullLog(at path: String) async throws -> WriteAheadLog {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .fail
        let log = try await WriteAheadLog.open(at: path, configuration: configuration)
        try log.setCursor("holder", to: 0)
        try log.setCursor("worker", to: 0)
        await #expect(throws: WALError.self) {
            for number in 0..<100_000 { try await log.append(payload(number, size: 200)) }
        }
        return log
    }

    /// More changes than a segment has space for. They were one frame, for which segment after segment was opened.
    @Test(.timeLimit(.minutes(10)), arguments: [true, false])
    func changesOnAFullDiskFitIntoTheNextSegment(_ hasOneName: Bool) async throws {
        let directory = TemporaryDirectory()
        let log = try await fullLog(at: directory.path)
        let long = String(repeating: "w", count: 200)
        for number: UInt64 in 1...500 {
            let name = hasOneName ? long : "\(long) \(number)"
            try log.setCursor(name, to: SequenceNumber(rawValue: number % 100))
            try log.removeCursor(name)
        }
        #expect(!log.engine.catalog.markers.pendingNames.isEmpty)
        try log.setCursor("holder", to: log.lastSequence)
        try log.setCursor("worker", to: log.lastSequence)
        try await eventually { try await log.sync() > 0 && log.engine.catalog.markers.pendingNames.isEmpty }
        let last = try await log.append([1])
        try await log.close()
        let again = try await WriteAheadLog.open(at: directory.path)
        #expect(Set(again.cursors.keys) == ["holder", "worker"])
        #expect(again.lastSequence == last)
        try await again.close()
    }

    private final class NoNewFiles: StorageHook {
        let isOn = Monitor(false)

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .open(_, creates: true) = call, isOn.withLock({ $0 }) { return .fail(EMFILE) }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// A log with a change of a cursor that waits for a segment, while no file can be made.
    private func logWithoutSegment(at path: String, _ hook: NoNewFiles) async throws -> WriteAheadLog {
        let log = try await WriteAheadLog.open(at: path, configuration: .small(.manual))
        try await log.append(payload(1))
        hook.isOn.withLock { $0 = true }
        // The segments that are ready are used up first.
        try await eventually {
            var position: UInt64 = 0
            for _ in 0..<20_000 where log.engine.catalog.markers.pendingNames.isEmpty {
                position += 1
                try log.setCursor("consumer", to: SequenceNumber(rawValue: position))
            }
            _ = try? await log.append(payload(2))
            return !log.engine.catalog.markers.pendingNames.isEmpty
                && log.engine.catalog.state.withLock { $0.isWithoutSegment }
        }
        return log
    }

    /// A cursor that waits for a file that can't be made is no reason to leave records undurable.
    @Test(.timeLimit(.minutes(10)), arguments: [true, false])
    func recordsAreDurableThoughACursorWaits(_ isBlocking: Bool) async throws {
        let directory = TemporaryDirectory()
        let hook = NoNewFiles()
        StorageHooks.install(hook, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await logWithoutSegment(at: directory.path, hook)
        let last = log.lastSequence
        let error = await #expect(throws: WALError.self) {
            if isBlocking {
                try await Blocking.run { () throws(WALError) in _ = try log.syncBlocking() }
            } else {
                try await log.sync()
            }
        }
        #expect(error?.code == .inputOutput)
        #expect(log.durableSequence == last)
        hook.isOn.withLock { $0 = false }
        try await eventually { (try? await log.sync()) != nil }
        try await log.close()
    }

    /// Closing tried to get a segment without a pause for a second, and kept a processor busy.
    @Test(.timeLimit(.minutes(10))) func closingSleepsWhileItWaitsForASegment() async throws {
        let directory = TemporaryDirectory()
        let hook = NoNewFiles()
        StorageHooks.install(hook, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await logWithoutSegment(at: directory.path, hook)
        let seconds = await Blocking.run {
            let start = Self.processorSeconds()
            #expect(throws: WALError.self) { try log.closeBlocking() }
            return Self.processorSeconds() - start
        }
        #expect(seconds < 0.4)
    }

    /// The processor time of this thread.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
