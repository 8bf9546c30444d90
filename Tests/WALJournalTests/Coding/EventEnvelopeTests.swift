import Foundation
import Testing
import WAL

@testable import WALJournal

/// If a record's envelope is misread, every later program gets a wrong event, or none.
@Suite struct EventEnvelopeTests {
    @Test(arguments: [
        EventEnvelope(type: "", version: 0, attributes: [:]),
        EventEnvelope(type: "payment", version: 1, attributes: [:]),
        EventEnvelope(type: "支払い", version: .max, attributes: ["traceparent": "00-ab", "": "", "ä": "ö"]),
        EventEnvelope(
            type: String(repeating: "t", count: 65535), version: 2,
            attributes: ["k": String(repeating: "v", count: 65530)]),
    ])
    func comesBackAsItWas(_ envelope: EventEnvelope) throws {
        let bytes = try envelope.encoded()
        let (decoded, offset) = try #require(EventEnvelope.decode(bytes + [1, 2, 3]))
        #expect(decoded == envelope)
        #expect(offset == bytes.count)
    }

    @Test func equalAttributesMakeEqualBytes() throws {
        let pairs = (0..<50).map { ("key \($0)", "value \($0)") }
        let one = EventEnvelope(type: "", version: 1, attributes: Dictionary(uniqueKeysWithValues: pairs))
        let other = EventEnvelope(type: "", version: 1, attributes: Dictionary(uniqueKeysWithValues: pairs.reversed()))
        #expect(try one.encoded() == other.encoded())
    }

    @Test func refusesWhatDoesNotFit() {
        let long = String(repeating: "x", count: 65536)
        for envelope in [
            EventEnvelope(type: long, version: 1, attributes: [:]),
            EventEnvelope(type: "", version: 1, attributes: ["k": long]),
            EventEnvelope(type: "", version: 1, attributes: [long: "v"]),
            EventEnvelope(type: "", version: 1, attributes: ["a": String(long.dropLast()), "b": "c"]),
        ] {
            #expect { try envelope.encoded() } throws: { ($0 as? WALError)?.code == .invalidArgument }
        }
    }

    /// Every prefix and every change of one byte is read without a trap.
    @Test func readsAnyBytes() throws {
        let bytes = try EventEnvelope(type: "payment", version: 1, attributes: ["a": "b", "c": "d"]).encoded()
        for count in 0..<bytes.count { #expect(EventEnvelope.decode(Array(bytes.prefix(count))) == nil) }
        for offset in bytes.indices {
            for value in 0...UInt8.max {
                var changed = bytes
                changed[offset] = value
                guard let (envelope, payload) = EventEnvelope.decode(changed) else { continue }
                #expect(payload <= changed.count)
                if value != bytes[offset] { #expect(try envelope.encoded() != bytes) }
            }
        }
    }

    @Test func refusesAKeyThatComesTwice() throws {
        var bytes = try EventEnvelope(type: "", version: 1, attributes: ["a": "b", "c": "d"]).encoded()
        #expect(EventEnvelope.decode(bytes) != nil)
        bytes[8 + 6 + 4] = UInt8(ascii: "a")
        #expect(EventEnvelope.decode(bytes) == nil)
    }

    /// The code writes the bytes of FORMAT.md's example.
    @Test func theDocumentsExampleIsWhatTheCodeWrites() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../FORMAT.md")
        let document = try String(contentsOf: file, encoding: .utf8)
        let section = try #require(document.components(separatedBy: "\n# The records of journals\n").last)
        let example = try #require(section.components(separatedBy: "```\n").dropFirst(1).first)
        let bytes = example.split(separator: "\n").flatMap { line in
            line.prefix { $0 != "|" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        }
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal(log, format: EventFormat<[UInt8]>.bytes(type: "payment", version: 2))
        try await journal.append(
            Array("{}".utf8), attributes: ["traceparent": "00", "content-type": "application/json"])
        #expect(try log.reader().next()?.payload == bytes)
        try await log.close()
    }
}
