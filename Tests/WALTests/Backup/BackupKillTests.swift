import Foundation
import Synchronization
import Testing

@testable import WAL

/// `kill -9` between any two changes of files by a backup or a restore.
@Suite(.serialized) struct BackupKillTests {
    private let place = TemporaryDirectory()
    private var source: String { place.path + "/log" }
    private var target: String { place.path + "/backup" }
    private var copy: String { place.path + "/copy" }

    private static let isLong = ProcessInfo.processInfo.environment["WAL_LONG"] == "1"

    init() throws {
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        try append(10)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        try append(20)
    }

    /// Appends records to a new segment. The record with number N has the payload N.
    private func append(_ end: Int) throws {
        let log = try WriteAheadLog.openBlocking(at: source, configuration: .small())
        for number in end - 9...end { try log.appendBlocking(payload(number)) }
        try log.closeBlocking()
    }

    /// Counts the changes of files, and kills the process before one of them.
    final class Killer: StorageHook {
        private let left: Atomic<Int>

        init(before count: Int) { left = Atomic(count) }

        var seen: Int { -left.load(ordering: .relaxed) }

        func before(_ call: StorageCall) -> StorageVerdict {
            switch call {
            case .open(_, creates: true), .write, .truncate, .sync, .syncDirectory, .makeDirectory, .remove, .rename,
                .link:
                if left.subtract(1, ordering: .relaxed).oldValue == 1 { kill(getpid(), SIGKILL) }
            default: break
            }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// Returns the number of changes.
    private func count(_ body: () throws -> Void) throws -> Int {
        let killer = Killer(before: 0)
        StorageHooks.install(killer, for: place.path)
        defer { StorageHooks.remove(from: place.path) }
        try body()
        return killer.seen
    }

    /// All changes in the long form, a part of them by default.
    private func steps(_ count: Int) -> [Int] {
        Array(stride(from: 1, through: count, by: Self.isLong ? 1 : max(1, count / 8)))
    }

    private func backUp() throws -> LogBackup.Summary { try LogBackup.makeBlocking(of: source, to: target) }

    private func restore() throws {
        _ = try LogBackup.restoreBlocking(target, to: copy, upTo: .sequence(15))
    }

    private func expectRestoredLog(_ step: Int) throws {
        if !FileManager.default.fileExists(atPath: copy) { try restore() }
        #expect(try readAll(ReadOnlyLog(at: copy).reader()).map(\.payload) == (1...15).map { payload($0) })
        let log = try WriteAheadLog.openBlocking(at: copy, configuration: .small())
        #expect(log.recovery.findings.isEmpty, "step \(step)")
        #expect(try log.appendBlocking(payload(21)) == 21, "step \(step)")
        try log.closeBlocking()
    }

    private func expectRestore(_ lasts: Set<Int>, _ comment: Comment) throws {
        let check = place.path + "/check-\(UUID().uuidString)"
        _ = try LogBackup.restoreBlocking(target, to: check)
        let found = try readAll(ReadOnlyLog(at: check).reader())
        #expect(lasts.contains(found.count), comment)
        #expect(found.map(\.payload) == (1...max(1, found.count)).map { payload($0) }, comment)
        try FileManager.default.removeItem(atPath: check)
    }

    @Test func aKilledBackupLeavesTheOneBeforeOrTheNewOne() async throws {
        let saved = place.path + "/saved"
        try FileManager.default.copyItem(atPath: target, toPath: saved)
        let count = try count { _ = try backUp() }
        #expect(count > 10)
        for step in steps(count) {
            try FileManager.default.removeItem(atPath: target)
            try FileManager.default.copyItem(atPath: saved, toPath: target)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    place = place.path as String, source = source as String, target = target as String,
                    step = step as Int
                ] in
                StorageHooks.install(Killer(before: step), for: place)
                _ = try await LogBackup.make(of: source, to: target)
            }
            try expectRestore([10, 20], "step \(step) of \(count)")
            #expect(try backUp().lastSequence == 20)
            try expectRestore([20], "after step \(step) of \(count)")
        }
    }

    @Test func aKilledRestoreLeavesNothingOrTheLog() async throws {
        _ = try backUp()
        let count = try count { try restore() }
        #expect(count > 10)
        for step in steps(count) {
            try FileManager.default.removeItem(atPath: copy)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [place = place.path as String, target = target as String, copy = copy as String, step = step as Int] in
                StorageHooks.install(Killer(before: step), for: place)
                _ = try await LogBackup.restore(target, to: copy, upTo: .sequence(15))
                // The restored log's maintenance makes a varying number of calls, so the process may end before the last steps.
                raise(SIGKILL)
            }
            try expectRestoredLog(step)
        }
    }
}
