import Foundation
import Testing
import WALTesting

@testable import WAL

/// An opening writes a footer, and ends before that is durable. The next one finds it in the page cache: if it takes it for durable,
/// later records say so, and a power loss looks like damage.
@Suite struct SealDurabilityTests {
    /// `times`: one call of the opening fails, or all from there on, as if the process had been killed.
    @Test(arguments: 1...40, [1, 10_000])
    func anOpeningEndsAtSomeCall(call: Int, times: Int) throws {
        let (root, place, copy) = (LogImage.directory(), LogImage.directory(), LogImage.directory())
        defer { for path in [root, place, copy] { try? FileManager.default.removeItem(atPath: path) } }
        try killedLog(in: root).write(to: place)

        let storage = try FaultyStorage(place, recording: true)
        storage.fail(at: call, times: times, with: .inputOutput)
        try? WriteAheadLog(at: place + "/log", configuration: .small()).close()
        storage.heal()
        let log = try WriteAheadLog(at: place + "/log", configuration: .small())
        try log.append(payload(3))
        try log.blockUntilDurable(log.lastSequence)
        let image = try #require(storage.crashState()).images(of: .page)[0]
        try log.close()

        try image.write(to: copy)
        let reopened = try WriteAheadLog(at: copy + "/log", configuration: .small())
        #expect(reopened.recovery.findings.isEmpty, "\(reopened.recovery.findings)")
        #expect(try readAll(reopened.reader()).map(\.payload) == (0...3).map { payload($0) })
        try reopened.close()
    }

    private func killedLog(in root: String) throws -> CrashImage {
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let storage = try FaultyStorage(root, recording: true)
        let log = try WriteAheadLog(at: root + "/log", configuration: .small())
        for number in 0..<3 { try log.append(payload(number)) }
        let image = try #require(storage.imageOfKilledProcess())
        try log.close()
        return image
    }
}
