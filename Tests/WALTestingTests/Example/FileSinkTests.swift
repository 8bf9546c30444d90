import Foundation
import Testing
import WAL
import WALDelivery
import WALTesting

/// The conformance suite with the sink of the article *Your own sink*.
@Suite struct FileSinkTests {
    struct Fixture: SinkFixture {
        let path: String
        /// False for a sink without keys, which writes only events.
        var hasKeys = true

        func payload(for change: SinkChange) throws -> [UInt8]? {
            switch change {
            case .event: DictionaryPayload.encode(change)
            case .poison: DictionaryPayload.encode(change) + [10]
            case .set, .delete: hasKeys ? DictionaryPayload.encode(change) : nil
            }
        }
        func makeSink() async throws -> FileSink { try FileSink(path: path) }
        func key(of payload: RawSpan) -> UInt64? { DictionaryPayload.key(of: payload) }
        func contents() async throws -> SinkContents {
            var contents = SinkContents()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                switch DictionaryPayload.change(of: Array(line.utf8)) {
                case .event(let id, _): contents.events[id, default: 0] += 1
                case .set(let key, let value): contents.values[key] = value
                case .delete(let key): contents.values[key] = nil
                case .poison, nil: break
                }
            }
            return contents
        }
        // The whole file is one write of one batch.
        var largestBatch: LargestBatch { LargestBatch(recordCount: 2_000, valueSize: 1 << 16) }
    }

    @Test(arguments: SinkConformance.allCases, [true, false])
    func conformance(check: SinkConformance, hasKeys: Bool) async throws {
        let path = NSTemporaryDirectory() + "/file-sink-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await check.run(on: Fixture(path: path, hasKeys: hasKeys))
    }

    @Test func cutsOffABatchThatACrashLeftIncomplete() async throws {
        let path = NSTemporaryDirectory() + "/file-sink-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = LogID(low: 1, high: 2)
        let sink = try FileSink(path: path)
        let lanes = try await sink.claim(0..<1, of: 1, log: log)
        let record = SinkRecord(sequence: 1, time: .now, payload: Array("event a 1".utf8)[...])
        _ = try await sink.apply(SinkBatch(log: log, laneCount: 1, lanes: lanes, position: 1, records: [record]))
        await sink.close()
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("event a 2\nevent a 3\n#\(log) 0:1:".utf8))
        try file.close()

        let next = try FileSink(path: path)
        #expect(try await next.claim(0..<1, of: 1, log: log) == [SinkLane(index: 0, epoch: 2, position: 1)])
        await next.close()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").filter { !$0.hasPrefix("#") } == ["event a 1"])
    }
}
