import Foundation
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

@Suite struct FlowRecordTests {
    static let time = Timestamp(rawValue: 1_700_000_000_123_456)
    static let samples: [FlowRecord] = [
        FlowRecord("orders", .graph(hash: 0x0102_0304_0506_0708, json: "{}")),
        FlowRecord(
            "o-1",
            .begin(
                FlowRecord.Beginning(
                    dag: "orders", graph: 9, priority: -2, maxRetries: 3, createdAt: time,
                    input: Array("{\"id\":1}".utf8)))),
        FlowRecord("o-1", .result(path: "charge", attempt: 2, time: time, label: "pass", bytes: [1, 2, 3])),
        FlowRecord("o-1", .result(path: "lines[17]/pick", attempt: 1, time: time, label: nil, bytes: [])),
        FlowRecord("o-1", .failure(path: "charge", attempt: 1, time: time, error: "away", retryAt: time)),
        FlowRecord("o-1", .failure(path: "charge", attempt: 2, time: time, error: "away", retryAt: nil)),
        FlowRecord("o-1", .started(path: "charge", attempt: 1)),
        FlowRecord("o-1", .wait(path: "approve", signal: "approve", due: time)),
        FlowRecord("o-1", .signal(path: "approve", id: "mail-7", payload: Array("true".utf8))),
        FlowRecord(
            "o-1",
            .control(
                FlowRecord.Control(
                    number: 4, action: .retry, time: time, paths: ["charge", "receipt"], graph: 5,
                    reason: "bank is back"))),
        FlowRecord("o-1", .resumed(count: 3)),
        FlowRecord("o-1", .end(FlowRecord.Ending(status: .completed, time: time, output: [0x31]))),
        FlowRecord("o-1", .end(FlowRecord.Ending(status: .failed, time: time, error: "no money", path: "charge"))),
        FlowRecord("o-1", .delivered(time: time)),
        FlowRecord("o-1", .memo(path: "charge", name: "quote", bytes: [9])),
        FlowRecord("o-1", .emit(path: "charge", attempt: 2, number: 1, sink: "mail", bytes: [7, 8])),
        FlowRecord("o-1", .trace(fields: ["baggage": "", "traceparent": "00-1-2-01"])),
    ]

    private static func encoded(_ record: FlowRecord) -> [UInt8] {
        var batch = RecordBatch()
        record.append(to: &batch)
        return batch.payloads
    }

    @Test(arguments: samples) func aRecordIsReadAsItWasWritten(_ record: FlowRecord) throws {
        let bytes = Self.encoded(record)
        #expect(bytes.count == record.size)
        #expect(try FlowRecord(bytes.span.bytes) == record)
        #expect(
            TaskCodec.key(of: bytes.span.bytes)
                == TaskCodec.key(of: TaskCodec.encode(.delete(id: record.taskID)).span.bytes))
    }

    /// The bytes of FORMAT.md's example.
    @Test func aResultHasTheBytesOfTheFormat() {
        let bytes = Self.encoded(
            FlowRecord("o-1", .result(path: "charge", attempt: 2, time: Self.time, label: "pass", bytes: [1, 2, 3])))
        #expect(
            bytes == [
                1, 18, 4, 0x6F, 0x2D, 0x31, 7, 0x63, 0x68, 0x61, 0x72, 0x67, 0x65, 2, 0x40, 0x22, 0x20, 0x18, 0x24,
                0x0A, 0x06,
                0, 5, 0x70, 0x61, 0x73, 0x73, 4, 1, 2, 3,
            ])
    }

    @Test func damagedRecordsAreRefusedOrRead() {
        var generator = SeededGenerator(seed: 7)
        for record in Self.samples {
            let bytes = Self.encoded(record)
            for length in 0..<bytes.count {
                let cut = Array(bytes[..<length])
                #expect(throws: TaskCodecError.self, "\(record)") {
                    guard try FlowRecord(cut.span.bytes) == nil else { return }
                    throw TaskCodecError(.truncated, at: 0)
                }
            }
            for _ in 0..<2000 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                if let read = try? FlowRecord(damaged.span.bytes) {
                    #expect(Self.encoded(read).count <= damaged.count + 32)
                }
            }
        }
    }

    @Test(arguments: [["b", "a"], ["a", "a"], ["\u{E9}", "e\u{301}"], ["e\u{301}", "\u{E9}"]])
    func theFieldsOfATraceHaveOneOrder(_ names: [String]) {
        var bytes: [UInt8] = [1, 29, 2, 0x61, 2]
        for name in names { bytes += [UInt8(name.utf8.count) + 1] + Array(name.utf8) + [1] }
        #expect(throws: TaskCodecError.self) { try FlowRecord(bytes.span.bytes) }
    }

    @Test func aKindOfALaterVersionIsPassedOver() throws {
        let later: [UInt8] = [1, 31, 4, 0x6F, 0x2D, 0x31, 0xFF, 0xFF]
        #expect(try FlowRecord(later.span.bytes) == nil)
        #expect(try FlowRecord(TaskCodec.encode(.delete(id: "o-1")).span.bytes) == nil)
    }
}

/// The golden file of FORMAT.md's flow records: each line has a record's bytes in hexadecimal, its kind, task and path.
@Suite struct GoldenFlowTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../Golden/flow-records.tsv")

    @Test func theRecordsAreThoseOfTheGoldenFile() throws {
        let lines = FlowRecordTests.samples.map { record in
            var batch = RecordBatch()
            record.append(to: &batch)
            let hex = batch.payloads.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return [hex, record.name, record.taskID, record.path ?? ""].joined(separator: "\t")
        }
        let golden = try String(contentsOf: Self.path, encoding: .utf8)
        #expect(lines.joined(separator: "\n") + "\n" == golden)
    }
}
