import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// After `mv L M` and with a new log at L, a writer must not make segments in the new log. After `rm -rf L`, it must not call
/// records durable that can't be read.
@Suite struct DirectoryGoneTests {
    enum Loss: CaseIterable, Sendable {
        case moved, replacedByADirectory, replacedByALog, removed

        /// Returns the log at the path, if there is one.
        func happen(to path: String) throws -> WriteAheadLog? {
            if self == .removed {
                // The writer may make a file while the directory is being emptied.
                while FileManager.default.fileExists(atPath: path) { try? FileManager.default.removeItem(atPath: path) }
                return nil
            }
            #expect(rename(path, path + "-moved") == 0)
            if self == .replacedByADirectory { #expect(mkdir(path, 0o700) == 0) }
            return self == .replacedByALog
                ? try WriteAheadLog.openBlocking(at: path, configuration: .small(.always)) : nil
        }
    }

    private static let policies: [WriteAheadLog.SyncPolicy] = [
        .always, .interval(.milliseconds(1)), .bytes(1), .manual,
    ]

    @Test(arguments: Loss.allCases, policies)
    func nothingIsCalledDurableThatIsNotReachable(_ loss: Loss, _ policy: WriteAheadLog.SyncPolicy) async throws {
        let directory = TemporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory.path + "-moved") }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(policy))
        for number in 0..<5 { _ = try await log.append(payload(number)) }
        try await log.roll()
        let durable = try await log.sync()
        let other = try loss.happen(to: directory.path)

        await #expect(throws: WALError.self) {
            // Either call may find out first.
            let sequence = try await log.append([1])
            try await log.waitUntilDurable(sequence)
        }
        let error = await #expect(throws: WALError.self) { _ = try await log.append([1]) }
        #expect(error?.code == .directoryGone)
        #expect(error?.message.contains(directory.path) ?? false, "\(String(describing: error))")
        // The seal of the ended segment may have found the loss before the first of these appends.
        if log.lastSequence > durable {
            let waiting = await #expect(throws: WALError.self) { try await log.waitUntilDurable(durable.next) }
            #expect(waiting?.code == .directoryGone)
        }
        #expect(log.durableSequence == durable)

        if loss != .removed {
            #expect(try readAll(log.reader()).map(\.payload).prefix(5) == (0..<5).map { payload($0) }[...])
        }
        let closing = #expect(throws: WALError.self) { try log.closeBlocking() }
        #expect(closing?.code == .directoryGone)
        try Self.expectNothingForeign(directory.path, other)
        if loss != .removed {
            let moved = try await WriteAheadLog.open(at: directory.path + "-moved", configuration: .small())
            #expect(try readAll(moved.reader()).count >= 5)
            #expect(!moved.recovery.isDamaged)
            try await moved.close()
        }
    }

    /// Without a sync, the change of segments finds the loss.
    @Test(arguments: Loss.allCases) func aWriterThatSyncsNeverFindsOut(_ loss: Loss) throws {
        let directory = TemporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory.path + "-moved") }
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking([1])
        let other = try loss.happen(to: directory.path)
        var failure: WALError?
        for number in 0..<10_000_000 where failure == nil {
            do throws(WALError) { try log.appendBlocking(payload(number, size: 1000)) } catch { failure = error }
        }
        #expect(failure?.code == .directoryGone)
        #expect(throws: WALError.self) { try log.closeBlocking() }
        try Self.expectNothingForeign(directory.path, other)
    }

    private static func expectNothingForeign(_ path: String, _ other: WriteAheadLog?) throws {
        guard let other else {
            #expect(FileManager.default.subpaths(atPath: path) ?? [] == [])
            return
        }
        try other.appendBlocking([9])
        try other.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: path, configuration: .small())
        #expect(again.id == other.id)
        #expect(!again.recovery.isDamaged && again.recovery.steps.isEmpty, "\(again.recovery)")
        #expect(try readAll(again.reader()).map(\.payload) == [[9]])
        try again.closeBlocking()
    }

    @Test func whoWaitsForASyncIsToldToo() async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let sequences = try (0..<20).map { try log.appendBlocking(payload($0)) }
        gate.close(for: .seconds(300))
        let waiting = sequences.map { sequence in
            Task { () -> WALError.Code? in
                do throws(WALError) { try await log.waitUntilDurable(sequence) } catch { return error.code }
                return nil
            }
        }
        try await eventually { gate.isHoldingOne }
        #expect(rename(directory.path, directory.path + "-moved") == 0)
        defer { try? FileManager.default.removeItem(atPath: directory.path + "-moved") }
        gate.open()
        for task in waiting { #expect(await task.value == .directoryGone) }
        #expect(log.durableSequence == .zero)
        #expect(throws: WALError.self) { try log.closeBlocking() }
    }

    @Test func movedBackItGoesOn() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        _ = try await log.append(payload(0))
        #expect(rename(directory.path, directory.path + "-moved") == 0)
        let error = await #expect(throws: WALError.self) { _ = try await log.append(payload(1)) }
        #expect(error?.code == .directoryGone)
        #expect(rename(directory.path + "-moved", directory.path) == 0)
        try await eventually(every: .milliseconds(10)) { (try? await log.append(payload(2))) != nil }
        try await log.close()
        let records = try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.payload)
        #expect(records.first == payload(0) && records.last == payload(2))
    }

    @Test func anotherWorkingDirectoryIsNoAlarm() async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            #expect(chdir(path) == 0)
            for place in ["log", "./log2/", "."] {
                let log = try await WriteAheadLog.open(
                    at: place == "." ? "log3" : place, configuration: .small(.always))
                _ = try await log.append([1])
                #expect(chdir("/") == 0)
                for number in 0..<300 { _ = try await log.append(payload(number, size: 1000)) }
                try log.setCursor("a", to: 1)
                try await log.close()
                #expect(chdir(path) == 0)
                #expect(try readAll(ReadOnlyLog(at: place == "." ? "log3" : place).reader()).count == 301)
            }
        }
    }

    @Test func aFollowerInAnotherProcessEndsToo() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        _ = try await log.append(payload(0))
        let reader = try ReadOnlyLog(at: directory.path).reader()
        #expect(try reader.next()?.payload == payload(0))
        #expect(rename(directory.path, directory.path + "-moved") == 0)
        defer { try? FileManager.default.removeItem(atPath: directory.path + "-moved") }
        let error = await #expect(throws: WALError.self) { try await reader.waitForMore() }
        #expect(error?.code == .directoryGone)
        #expect(throws: WALError.self) { try log.closeBlocking() }
    }

    @Test func deadLettersStayWithTheirLog() async throws {
        let directory = TemporaryDirectory()
        let moved = directory.path + "-moved"
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        let letters = DeadLetterLog.of(log)
        #expect(rename(directory.path, moved) == 0)
        defer { try? FileManager.default.removeItem(atPath: moved) }
        #expect(mkdir(directory.path, 0o700) == 0)
        let letter = DeadLetterRecord(
            sequence: 1, time: .now, sink: "sink", code: "1", reason: "poison", payload: [1])
        let error = await #expect(throws: WALError.self) { try await letters.append(letter) }
        #expect(error?.code == .directoryGone)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        #expect(throws: WALError.self) { try log.closeBlocking() }
    }
}
