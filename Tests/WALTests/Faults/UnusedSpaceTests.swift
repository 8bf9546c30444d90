import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// An opening cuts a segment after its new footer while the log is already open. If that fails, nothing is damaged.
@Suite struct UnusedSpaceTests {
    @Test func whatHasNoUseIsGivenBack() throws {
        let (root, place) = (LogImage.directory(), LogImage.directory())
        defer { for path in [root, place] { try? FileManager.default.removeItem(atPath: path) } }
        try killedLog(in: root).write(to: place)
        #expect(try sizes(place).contains(WriteAheadLog.Configuration.small().segmentSize))
        try WriteAheadLog.openBlocking(at: place + "/log", configuration: .small()).closeBlocking()
        #expect(try ReadOnlyLog(at: place + "/log").segments.allSatisfy { $0.state == .sealed })
        #expect(try sizes(place).allSatisfy { $0 < WriteAheadLog.Configuration.segmentSizeMin })
    }

    @Test func whatCouldNotBeCutIsCutByTheNextOpening() throws {
        let (root, place, copy) = (LogImage.directory(), LogImage.directory(), LogImage.directory())
        defer { for path in [root, place, copy] { try? FileManager.default.removeItem(atPath: path) } }
        try killedLog(in: root).write(to: place)
        let storage = try FaultyStorage(place, recording: true)
        storage.fail(.truncate, times: 1000, with: .inputOutput)
        let log = try WriteAheadLog.openBlocking(at: place + "/log", configuration: .small())
        eventuallyBlocking { !storage.injectedFaults.isEmpty }
        #expect(try log.appendBlocking(payload(3)) == 4)
        try log.waitUntilDurableBlocking(4)
        let image = try #require(storage.imageOfKilledProcess())
        storage.heal()
        try log.closeBlocking()

        try image.write(to: copy)
        let reopened = try WriteAheadLog.openBlocking(at: copy + "/log", configuration: .small())
        #expect(reopened.recovery.findings.isEmpty, "\(reopened.recovery.findings)")
        #expect(reopened.recovery.steps.map(\.action).contains(.cut))
        #expect(try readAll(reopened.reader()).map(\.payload) == (0...3).map { payload($0) })
        try reopened.closeBlocking()
        #expect(try ReadOnlyLog(at: copy + "/log").segments.allSatisfy { $0.state == .sealed })
    }

    private func sizes(_ place: String) throws -> [Int] {
        try segmentNames(place + "/log").map {
            try #require(try FileManager.default.attributesOfItem(atPath: place + "/log/" + $0)[.size] as? Int)
        }
    }

    /// A log with an active segment and, after a while, prepared ones.
    private func killedLog(in root: String) throws -> CrashImage {
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let storage = try FaultyStorage(root, recording: true)
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
        for number in 0..<3 { try log.appendBlocking(payload(number)) }
        let image = try #require(storage.imageOfKilledProcess())
        try log.closeBlocking()
        return image
    }
}
