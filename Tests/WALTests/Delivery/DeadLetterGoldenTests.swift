import Foundation
import Testing
import WAL

@testable import WALDelivery

/// Dead letters of each layout stay readable forever, by the second reader, too.
@Suite struct DeadLetterGoldenTests {
    private struct Letter: Decodable, Equatable {
        var sink: String
        var sequence: UInt64
        var time: Int64
        var code: String
        var reason: String
        var payload: String

        init(_ letter: DeadLetterRecord) {
            sink = letter.sink
            sequence = letter.sequence.rawValue
            time = letter.time.rawValue
            code = letter.code
            reason = letter.reason
            payload = letter.payload.map { String(format: "%02x", $0) }.joined()
        }
    }

    private static let golden = GoldenTests.folder.appending(path: "dead-letters-v1").path

    /// The letters to set aside, in order.
    private static let letters = [
        letter(4, "sqlite", "2067", "UNIQUE constraint failed: orders.id", [1, 2, 3]),
        letter(9, "postgres", "22P02", "größer als erlaubt", []),
        letter(4, "postgres", "", "", [0xff, 0]),
        letter(
            UInt64.max - 1, "sqlite", "poison", String(repeating: "x", count: 300), Array(repeating: 7, count: 5000)),
    ]

    private static func letter(
        _ sequence: UInt64, _ sink: String, _ code: String, _ reason: String, _ payload: [UInt8]
    ) -> DeadLetterRecord {
        DeadLetterRecord(
            sequence: SequenceNumber(rawValue: sequence),
            time: Timestamp(rawValue: 1_700_000_000_000_000 + Int64(sequence % 1000)), sink: sink, code: code,
            reason: reason, payload: payload)
    }

    /// After the restore of a database, its sink rejects the record again. The old removal hid the new letter.
    @Test func aRecordThatIsSetAsideOnceMoreIsALetterAgain() async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let log = DeadLetterLog.of(logDirectory: directory.path)
        let letter = Self.letters[0]
        try await log.append(letter)
        var open = try DeadLetterReader(logDirectory: directory.path)
        #expect(try open.next() == letter)
        try await log.discard([letter])
        #expect(try Self.readAll(directory.path).isEmpty)
        for _ in 0..<2 { try await log.append(letter) }
        #expect(try Self.readAll(directory.path) == [letter])
        #expect(try open.next() == letter)
        #expect(try open.next() == nil)
        let output = try SecondReader.output("lettersreader.py", directory.path)
        #expect(try JSONDecoder().decode([Letter].self, from: output) == [Letter(letter)])
    }

    @Test func bothReadersReturnEachLetterOnceWithoutTheRemovedOnes() throws {
        var kept = Self.letters
        kept.remove(at: 1)
        #expect(try Self.readAll(Self.golden) == kept)
        let output = try SecondReader.output("lettersreader.py", Self.golden)
        #expect(try JSONDecoder().decode([Letter].self, from: output) == kept.map(Letter.init))
    }

    /// Today's writer writes what it wrote then.
    @Test func todaysLayoutIsThatOfTheGoldenLog() async throws {
        let directory = TemporaryDirectory()
        try await Self.write(to: directory.path)
        #expect(try Self.payloads(directory.path) == Self.payloads(Self.golden))
    }

    /// Written once with `WAL_WRITE_GOLDEN=dead-letters-v1`, and never again.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["WAL_WRITE_GOLDEN"] == "dead-letters-v1"))
    func write() async throws {
        try await Self.write(to: Self.golden)
        let folder = Self.golden + "/dead-letters"
        // A close cuts the files.
        var configuration = WriteAheadLog.Configuration()
        configuration.publishesStatus = false
        try await WriteAheadLog.open(at: folder, configuration: configuration).close()
        for name in ["LOCK", "WAITERS"] { try FileManager.default.removeItem(atPath: folder + "/" + name) }
    }

    /// A letter that is set aside again, one that is removed, and the removal of one that isn't there.
    private static func write(to directory: String) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let log = DeadLetterLog.of(logDirectory: directory)
        for letter in letters + [letters[0]] { try await log.append(letter) }
        try await log.discard([letters[1], letter(5, "sqlite", "", "", [])])
    }

    private static func readAll(_ directory: String) throws -> [DeadLetterRecord] {
        var reader = try DeadLetterReader(logDirectory: directory)
        var letters: [DeadLetterRecord] = []
        while let letter = try reader.next() { letters.append(letter) }
        return letters
    }

    /// The records of the dead-letter log, without the times of removals.
    private static func payloads(_ directory: String) throws -> [[UInt8]] {
        try WALTests.readAll(ReadOnlyLog(at: directory + "/dead-letters").reader()).map { record in
            var payload = record.payload
            if payload[1] == 1 { payload.replaceSubrange(16..<24, with: repeatElement(0, count: 8)) }
            return payload
        }
    }
}
