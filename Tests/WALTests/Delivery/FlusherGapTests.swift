import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Damaged records can't be delivered. The records after them are delivered, and the flusher reports the loss.
@Suite struct FlusherGapTests {
    @Test(arguments: [1, 3]) func deliveryGoesOnBehindALoss(workers: Int) async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try log.setCursor("sink/recording", to: .zero)
        for number in 1...20 { try await log.append([UInt8(number), 0]) }
        try await log.roll()
        for number in 21...30 { try await log.append([UInt8(number), 0]) }
        try await log.close()
        let name = directory.path + "/" + (try segmentNames(directory.path)[0])
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: name)))
        let frames = SpecimenSegment(bytes, bootID: []).frames.filter { $0.kind == 1 }
        for index in [4, 5] { bytes[frames[index].offset + 24] ^= 1 }
        try Data(bytes).write(to: URL(filePath: name))

        let again = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let sink = RecordingSink()
        let lines = RecordingLog()
        let flusher = Flusher(
            log: again, sink: sink, configuration: FlusherHarness.configuration(workers: workers), logger: lines.logger
        ) { UInt64($0.unsafeLoad(as: UInt8.self)) }
        try await withThrowingTaskGroup { group in
            group.addTask { try? await flusher.run() }
            try await flusher.drain()
            group.cancelAll()
        }
        #expect(sink.snapshot.rows.map(\.sequence).sorted() == Array(1...4) + Array(7...30))
        #expect(sink.snapshot.breaches == [])
        #expect(flusher.statistics.sequencesLost == 2)
        let message = "records are missing from the log; delivery continues after them"
        let reports = lines.messages.all.filter { $0.text == message }
        #expect(reports.count == 1)
        try await again.close()
    }
}
