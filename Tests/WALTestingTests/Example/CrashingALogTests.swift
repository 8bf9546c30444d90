import Foundation
import Testing
import WAL
import WALTesting

@Suite struct CrashingALogTests {
    @Test func aPowerLossLeavesWhatWasDurable() async throws {
        let place = NSTemporaryDirectory() + "/crash-\(UUID().uuidString)"
        let after = place + "-after"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { for path in [place, after] { try? FileManager.default.removeItem(atPath: path) } }
        let storage = try FaultyStorage(place, recording: true)
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 64 << 10
        configuration.syncPolicy = .manual
        let log = try await WriteAheadLog.open(at: place + "/log", configuration: configuration)

        var history = LogHistory()
        for number in 1...100 {
            let payload = Array("record \(number)".utf8)
            history.willAppend(payload)
            let sequence = try await log.append(payload)
            #expect(history.didAppend([payload], last: sequence) == nil)
            if number == 50 {
                try await log.waitUntilDurable(sequence)
                history.becameDurable(through: sequence)
            }
        }

        // Any of these images is possible after a power loss at this moment.
        let images = try #require(storage.crashState()?.images(of: .sector))
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20 {
            try images.random(using: &generator).write(to: after)
            let log = try await WriteAheadLog.open(at: after + "/log", configuration: configuration)
            let contents = try LogContents(of: log)
            #expect(contents.records.count >= 50)
            #expect(history.violations(in: contents, after: .powerLoss) == [])
            try await log.close()
        }
        try await log.close()
    }
}
