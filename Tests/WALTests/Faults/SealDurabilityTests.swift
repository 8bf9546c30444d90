import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// An opening writes a footer, and ends before the footer is durable. The next opening finds it in the page cache. If it took the
/// footer for durable, later records would state that, and a power loss would look like damage.
@Suite struct SealDurabilityTests {
    /// One call of the opening fails, or all calls from that one on, as if the process had been killed.
    @Test(arguments: 1...40, [1, 10_000])
    func anOpeningEndsAtSomeCall(call: Int, times: Int) throws {
        let (root, place, copy) = (LogImage.directory(), LogImage.directory(), LogImage.directory())
        defer { for path in [root, place, copy] { try? FileManager.default.removeItem(atPath: path) } }
        try killedLog(in: root).write(to: place)

        let storage = try FaultyStorage(place, recording: true)
        storage.fail(at: call, times: times, with: .inputOutput)
        try? WriteAheadLog.openBlocking(at: place + "/log", configuration: .small()).closeBlocking()
        storage.heal()
        let log = try WriteAheadLog.openBlocking(at: place + "/log", configuration: .small())
        try log.appendBlocking(payload(3))
        try log.waitUntilDurableBlocking(log.lastSequence)
        let image = try #require(storage.crashState()).images(of: .page)[0]
        try log.closeBlocking()

        try image.write(to: copy)
        let reopened = try WriteAheadLog.openBlocking(at: copy + "/log", configuration: .small())
        #expect(reopened.recovery.findings.isEmpty, "\(reopened.recovery.findings)")
        #expect(try readAll(reopened.reader()).map(\.payload) == (0...3).map { payload($0) })
        try reopened.closeBlocking()
    }

    #if os(Linux)
        /// Records that an opening returns must survive a power loss, although the process that wrote them may not have synced
        /// them.
        @Test func whatAKilledProcessLeftIsSyncedBeforeItIsShown() throws {
            let (root, place) = (LogImage.directory(), LogImage.directory())
            defer { for path in [root, place] { try? FileManager.default.removeItem(atPath: path) } }
            try killedLog(in: root, rolls: true).write(to: place)
            let synced = SyncedFiles()
            StorageHooks.install(synced, for: place)
            defer { StorageHooks.remove(from: place) }
            let log = try WriteAheadLog.openBlocking(at: place + "/log", configuration: .small())
            let shown = log.segments.filter { $0.recordCount ?? 0 > 0 }
            #expect(shown.count == 3)
            for segment in shown { #expect(synced.names.contains(segment.path), "\(segment.number)") }
            try log.closeBlocking()
        }

        private final class SyncedFiles: StorageHook {
            private let state = Monitor<Set<String>>([])

            var names: Set<String> { state.withLock(\.self) }

            func before(_ call: StorageCall) -> StorageVerdict { .proceed }

            func after(_ call: StorageCall, result: Int) {
                guard case .sync(let descriptor) = call, result == 0,
                    let path = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/self/fd/\(descriptor)")
                else { return }
                _ = state.withLock { $0.insert(path) }
            }
        }
    #endif

    private func killedLog(in root: String, rolls: Bool = false) throws -> CrashImage {
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let storage = try FaultyStorage(root, recording: true)
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
        for number in 0..<3 {
            try log.appendBlocking(payload(number))
            if rolls { try log.rollBlocking() }
        }
        if rolls { eventuallyBlocking { log.segments.count { $0.state == .sealed } >= 3 } }
        let image = try #require(storage.imageOfKilledProcess())
        try log.closeBlocking()
        return image
    }
}
