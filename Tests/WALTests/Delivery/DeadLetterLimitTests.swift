import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Dead letters at the limit of `ulimit -f`, where a write fails and the kernel sends SIGXFSZ, which would end the process.
@Suite struct DeadLetterLimitTests {
    @Test func theFlusherWaitsUntilTheLetterIsKept() async throws {
        await #expect(processExitsWith: .success) {
            let harness = try FlusherHarness()
            try harness.append(20)
            let sink = RecordingSink(poison: [4])
            let recording = RecordingLog()
            let flusher = Flusher(
                log: harness.log, sink: sink, configuration: FlusherHarness.configuration(workers: 1),
                logger: recording.logger, key: { UInt64($0.unsafeLoad(as: UInt8.self)) })
            setFileSizeLimit(1000)
            _ = try await harness.run(flusher) {
                func refusal() -> RecordingLog.Message? {
                    recording.messages.all.first { $0.text.contains("could not be set aside; its lanes wait") }
                }
                try await eventually { refusal() != nil }
                let reason = refusal()?.metadata["wal.error"] ?? ""
                #expect(reason.contains("diskFull") && reason.contains("ulimit -f"), "\(reason)")
                #expect(try harness.deadLetters().isEmpty)
                #expect(flusher.appliedSequence < 4)
                setFileSizeLimit(nil)
                try await flusher.drain()
            }
            #expect(sink.snapshot.rows.count == 19 && sink.snapshot.breaches.isEmpty)
            let letters = try harness.deadLetters()
            #expect(letters.map(\.sequence) == [4] && letters.first?.payload.count == 2)
        }
    }

    /// The letters' log is open, and its next segment can't be made.
    @Test func whatWasKeptStaysAndTheRestIsRefusedByName() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            let log = try await WriteAheadLog.open(at: path, configuration: .small(.always))
            let letters = DeadLetterLog.of(log)
            func letter(_ number: Int) -> DeadLetterRecord {
                DeadLetterRecord(
                    sequence: SequenceNumber(rawValue: UInt64(number)), time: .now, sink: "s", code: "c", reason: "r",
                    payload: payload(number, size: 200_000))
            }
            func kept() throws -> [DeadLetterRecord] {
                var reader = try DeadLetterReader(logDirectory: path)
                var all: [DeadLetterRecord] = []
                while let letter = try reader.next() { all.append(letter) }
                return all
            }
            try await letters.append(letter(1))
            setFileSizeLimit(1000)
            var (count, failure) = (1, WALError?.none)
            while failure == nil, count < 100 {
                do throws(WALError) {
                    try await letters.append(letter(count + 1))
                    count += 1
                } catch { failure = error }
            }
            #expect(failure?.code == .diskFull, "\(String(describing: failure))")
            #expect(failure?.message.contains("ulimit -f") ?? false, "\(String(describing: failure))")
            #expect(try kept().map(\.sequence.rawValue) == Array(1...UInt64(count)))
            let again = await #expect(throws: WALError.self) { try await letters.append(letter(count + 1)) }
            #expect(again?.code == .diskFull, "\(String(describing: again))")
            setFileSizeLimit(nil)
            for number in count + 1...count + 10 { try await letters.append(letter(number)) }
            #expect(try kept().map(\.sequence.rawValue) == Array(1...UInt64(count) + 10))
            #expect(try kept().allSatisfy { $0.payload.count == 200_000 })
            try await log.close()
        }
    }
}
