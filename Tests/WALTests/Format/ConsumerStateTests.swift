import Foundation
import Testing

@testable import WAL

/// Another process, perhaps of another version, reads a consumer's file, so the file must match the document.
@Suite struct ConsumerStateTests {
    private static let example = ConsumerState(
        logID: LogID(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908), position: 1000,
        attempts: ConsumerAttempts(start: 900, count: 2, isEnded: false), process: 4711, processStart: 123_456,
        savedAt: 1_700_000_000_000_000, lifetime: 3_600_000_000, pinnedBytesMax: 1 << 30)

    @Test func theDocumentsExampleIsWhatTheCodeWrites() throws {
        let document = try #require(FormatDocumentTests.document)
        let bytes = Self.example.encoded
        #expect(bytes.count == ConsumerState.size)
        let rows = stride(from: 0, to: bytes.count, by: 16).map { offset in
            bytes[offset..<offset + 16].map { String(format: "%02x", $0) }.joined(separator: " ")
        }
        for row in rows { #expect(document.contains(row), "\(row)") }
    }

    @Test func comesBackAsItWas() throws {
        var state = Self.example
        #expect(ConsumerState.decode(state.encoded) == state)
        state.attempts.isEnded = true
        state.process = 0
        state.savedAt = .min
        state.lifetime = .max
        #expect(ConsumerState.decode(state.encoded) == state)
        state.position = SegmentHeader.countMax + 1
        #expect(ConsumerState.decode(state.encoded) == nil)
    }

    @Test func anyOtherBytesAreNotWhole() {
        let bytes = Self.example.encoded
        for count in 0..<bytes.count { #expect(ConsumerState.decode(Array(bytes.prefix(count))) == nil) }
        #expect(ConsumerState.decode(bytes + [0]) == nil)
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(ConsumerState.decode(changed) == nil)
        }
    }
}
