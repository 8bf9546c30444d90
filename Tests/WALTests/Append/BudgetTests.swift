import Foundation
import TestSupport
import Testing

@testable import WAL

/// A log at its disk budget must not block its consumers: only they can free space.
@Suite struct BudgetTests {
    /// Producers wait up to an hour for space, so a consumer that waited for them would never end.
    private func configuration() -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .wait(.seconds(3600))
        return configuration
    }

    @Test func aCursorMovesAndLetsTheAppendThatWaitsThrough() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        try log.setCursor("consumer", to: 0)
        let total: UInt64 = 5000
        let writer = Task.detached {
            await withCheckedContinuation { done in
                DispatchQueue.global().async {
                    for number in 0..<Int(total) { _ = try? log.appendBlocking(payload(number, size: 200)) }
                    done.resume()
                }
            }
        }
        let reader = log.reader(visibility: .written)
        var seen: UInt64 = 0
        while seen < total {
            while let record = try reader.next() {
                seen += 1
                #expect(record.sequence.rawValue == seen)
            }
            try log.setCursor("consumer", to: SequenceNumber(rawValue: seen))
            if seen < total { try await reader.waitForMore() }
        }
        await writer.value
        #expect(log.firstSequence > 1)
        try await log.close()
        let again = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        #expect(again.cursors["consumer"] == SequenceNumber(rawValue: total))
        try await again.close()
    }

    @Test func whatTheFilesSayIsDurableIsShownToOthers() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...10 { try await log.append(payload(number)) }
        try await log.sync()
        for number in 11...20 { try await log.append(payload(number)) }
        let beside = try ReadOnlyLog(at: directory.path)
        #expect(try beside.durableSequence == 10)
        try await log.close()
        #expect(try beside.durableSequence == 20)
    }

    /// There are more tasks than any pool has threads. If each blocked its thread, no task could free space.
    @Test(.timeLimit(.minutes(10))) func tasksThatWaitForRoomLeaveTheirThreadsToOthers() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        try log.setCursor("consumer", to: 0)
        let perTask = 40
        let taskCount = 200
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<taskCount {
                group.addTask {
                    for number in 0..<perTask {
                        switch number % 3 {
                        case 0: try await log.append(payload(task * perTask + number, size: 200))
                        case 1:
                            var batch = RecordBatch()
                            batch.append(payload(task * perTask + number, size: 200))
                            try await log.append(batch)
                        default: try await log.appendDurably(payload(task * perTask + number, size: 200))
                        }
                    }
                }
            }
            group.addTask {
                let reader = log.reader()
                var seen = 0
                while seen < taskCount * perTask {
                    while let record = try reader.next() {
                        seen += 1
                        if seen % 50 == 0 { try log.setCursor("consumer", to: record.sequence) }
                    }
                    if seen < taskCount * perTask { try await reader.waitForMore() }
                }
            }
            try await group.waitForAll()
        }
        #expect(log.lastSequence.rawValue == UInt64(taskCount * perTask))
        #expect(log.firstSequence > 1)
        try await log.close()
    }

    /// Without the budget, the segment isn't synced when it is sealed.
    @Test(arguments: [true, false])
    func aSegmentIsSealedAfterTheLastCommitInItIfThatComesAfterItsEnd(hasBudget: Bool) async throws {
        let directory = TemporaryDirectory()
        var configuration = configuration()
        if !hasBudget { configuration.diskBudget = nil }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        let (claimed, mayCommit) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let late = Task.detached {
            await withCheckedContinuation { done in
                Thread.detachNewThread {
                    _ = try? log.appendBlocking(count: 8) { output in
                        claimed.signal()
                        mayCommit.wait()
                        for _ in 0..<8 { output.append(0) }
                    }
                    done.resume()
                }
            }
        }
        await withCheckedContinuation { done in
            Thread.detachNewThread {
                claimed.wait()
                done.resume()
            }
        }
        // The first attempt to seal comes too early. Without the budget, a look at the directory comes before it.
        let commit = log.engine.commit
        let round = commit.state.withLock(\.round) + (hasBudget ? 1 : 2)
        try await log.roll()
        try await eventually { commit.state.withLock(\.round) >= round }
        #expect(log.segments.contains { $0.state == .unsealed })
        mayCommit.signal()
        await late.value
        try await log.untilSealed()
        try await log.close()
    }

    private func fill(_ log: WriteAheadLog) async throws -> WALError? {
        for number in 0..<100_000 {
            do throws(WALError) {
                try await log.append(payload(number, size: 200))
            } catch {
                return error
            }
        }
        return nil
    }

    @Test func aTaskThatWaitsTooLongIsTold() async throws {
        let directory = TemporaryDirectory()
        var configuration = configuration()
        configuration.whenFull = .wait(.milliseconds(50))
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        #expect(try await fill(log)?.code == .logFull)
        // If the last segment was sealed late, there is room for another one now.
        while !log.isFull { #expect(try await fill(log)?.code == .logFull) }
        let last = log.lastSequence
        #expect(await #expect(throws: WALError.self) { try await log.append([1]) }?.code == .logFull)
        #expect(log.lastSequence == last)
        try await log.close()
    }

    private func waitForSegment(of log: WriteAheadLog) async -> WALError? {
        do throws(WALError) {
            try await log.engine.appender.suspendForNextSegment(after: nil, whenFull: .wait(.seconds(5)))
        } catch {
            return error
        }
        return nil
    }

    /// Others fill the segment that was made for the request, and a frame of a cursor, which asks for no other segment,
    /// ends it. The test makes and takes that segment in one step.
    @Test(.timeLimit(.minutes(2))) func aDeadlineCountsAfterOthersHaveTakenTheSegment() async throws {
        let (directory, other) = (TemporaryDirectory(), TemporaryDirectory())
        var configuration = configuration()
        configuration.whenFull = .fail
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        while !log.isFull { #expect(try await fill(log)?.code == .logFull) }
        async let request = waitForSegment(of: log)
        let segment = try PreparedSegment.make(
            in: Directory.make(other.path), number: 1, logID: log.id, capacity: 64 << 10, policy: .manual)
        let catalog = log.engine.catalog
        try await eventually {
            catalog.state.withLock { state in
                guard state.pipeline.isOverBudget, state.suspended.count == 1 else { return false }
                state.pipeline.recheckBudget()
                state.pipeline.add(segment)
                _ = state.pipeline.takeFirst()
                return true
            }
        }
        catalog.changed()
        #expect(await request?.code == .logFull)
        try await log.close()
    }

    /// Returns when this number of tasks wait for space.
    ///
    /// A task also waits, shortly, while a segment within the budget is prepared.
    private func waitUntil(_ count: Int, waitFor log: WriteAheadLog) async throws {
        try await eventually { log.isFull && log.engine.catalog.state.withLock { $0.suspended.count } >= count }
    }

    @Test func aTaskThatIsCancelledWhileItWaitsAppendsNothing() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        try log.setCursor("consumer", to: 0)
        let filler = Task { try await fill(log) }
        try await waitUntil(1, waitFor: log)
        let last = log.lastSequence
        filler.cancel()
        #expect(try await filler.value?.code == .cancelled)
        #expect(log.lastSequence == last)
        try await log.close()
    }

    @Test func closingTellsTheTasksThatWait() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration())
        try log.setCursor("consumer", to: 0)
        let fillers = (0..<3).map { _ in Task { try await fill(log) } }
        try await waitUntil(3, waitFor: log)
        try await log.close()
        for filler in fillers { #expect(try await filler.value?.code == .closed) }
    }
}
