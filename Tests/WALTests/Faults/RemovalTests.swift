import Foundation
import Testing
import WALTesting

@testable import WAL

/// A power loss during removals may undo any removal that isn't durable. If an older segment returned and the next one were
/// missing, the log would report lost records that no consumer needs.
@Suite struct RemovalTests {
    @Test func aPowerLossAmidRemovalsLeavesNoGap() throws {
        let root = LogImage.directory()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let storage = try FaultyStorage(root, recording: true)
        var configuration = WriteAheadLog.Configuration.small()
        configuration.retention = WriteAheadLog.Retention(totalSize: 1)
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: configuration)
        try log.setCursor("consumer", to: 0)
        for number in 0..<6 {
            try log.appendBlocking(payload(number))
            try log.waitUntilDurableBlocking(SequenceNumber(rawValue: UInt64(number) + 1))
            try log.rollBlocking()
        }
        let states = Monitor<[CrashState]>([])
        storage.watch { state in states.withLock { $0.append(state) } }
        try log.setCursor("consumer", to: 6)
        log.applyRetentionBlocking()
        storage.watch(nil)
        #expect(log.firstSequence > 4)
        try log.closeBlocking()

        var count = 0
        var generator = SeededGenerator(seed: 1)
        let tried = Torture.isLong ? 64 : 20
        for state in states.withLock({ $0 }) {
            let images = state.images(of: .page)
            for number in 0..<min(images.count, tried) {
                let place = LogImage.directory()
                defer { try? FileManager.default.removeItem(atPath: place) }
                let image = images.count <= tried ? images[number] : images.random(using: &generator)
                try image.write(to: place)
                let found = try FastRecovery.contents(of: place + "/log")
                let damage = found.findings.filter(\.classification.isDamage)
                #expect(damage.isEmpty, "\(damage)")
                count += 1
            }
        }
        #expect(count > 10)
    }

    /// Another writer may have the directory by then, and its readers would report the removed records as lost.
    @Test func aClosedLogRemovesNothing() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.retention = WriteAheadLog.Retention(totalSize: 1)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        try log.appendBlocking(payload(0))
        do {
            // Keeps the segments while the log is open.
            let reader = log.reader()
            #expect(try reader.next() != nil)
            for number in 1..<4 {
                try log.rollBlocking()
                try log.appendBlocking(payload(number))
            }
            try log.closeBlocking()
            withExtendedLifetime(reader) {}
        }
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        log.applyRetentionBlocking()
        #expect(try readAll(again.reader()).map(\.payload) == (0..<4).map { payload($0) })
        try again.closeBlocking()
    }
}
