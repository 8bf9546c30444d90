import Dispatch
import Testing

@testable import WAL

/// A log at its disk budget must let its consumers through: they alone can make room.
@Suite struct BudgetTests {
    /// With an hour to wait for space, whoever waits for what only he can give would never end.
    private func configuration() -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .wait(.seconds(3600))
        return configuration
    }

    @Test func aCursorMovesAndLetsTheAppendThatWaitsThrough() async throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog(at: directory.path, configuration: configuration())
        try log.setCursor("consumer", to: 0)
        let total: UInt64 = 5000
        let writer = Task.detached {
            await withCheckedContinuation { done in
                DispatchQueue.global().async {
                    for number in 0..<Int(total) { _ = try? log.append(payload(number, size: 200)) }
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
        try log.close()
        let again = try WriteAheadLog(at: directory.path, configuration: configuration())
        #expect(again.cursors["consumer"] == SequenceNumber(rawValue: total))
        try again.close()
    }

    @Test func whatTheFilesSayIsDurableIsShownToOthers() async throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog(at: directory.path, configuration: .small())
        for number in 1...10 { try log.append(payload(number)) }
        try await log.sync()
        for number in 11...20 { try log.append(payload(number)) }
        let beside = try ReadOnlyLog(at: directory.path)
        #expect(try beside.durableSequence == 10)
        try log.close()
        #expect(try beside.durableSequence == 20)
    }
}
