import Testing

@testable import WAL
@testable import WALDelivery

@Suite struct DeadLetterRecordTests {
    private let letter = DeadLetterRecord(
        sequence: 0x0102_0304_0506_0708, time: Timestamp(rawValue: -2), sink: "pg", code: "22P02",
        reason: "schlecht: ü",
        payload: [0, 255, 7])

    @Test func hasTheDocumentedLayout() {
        let bytes = letter.encoded
        let head: [UInt8] = [
            1, 0, 2, 0, 5, 0, 12, 0, 8, 7, 6, 5, 4, 3, 2, 1, 254, 255, 255, 255, 255, 255, 255, 255,
        ]
        #expect(Array(bytes[..<24]) == head)
        #expect(Array(bytes[24..<26]) == Array("pg".utf8))
        #expect(Array(bytes[43...]) == [0, 255, 7])
    }

    @Test func comesBackWhole() {
        #expect(DeadLetterRecord(encoded: letter.encoded) == letter)
    }

    @Test func refusesEveryOtherLength() {
        let bytes = letter.encoded
        for count in 0..<(24 + 2 + 5 + 12) { #expect(DeadLetterRecord(encoded: Array(bytes[..<count])) == nil) }
    }

    @Test func refusesOtherVersions() {
        var bytes = letter.encoded
        bytes[0] = 2
        #expect(DeadLetterRecord(encoded: bytes) == nil)
    }

    @Test func aRemovalHasTheDocumentedLayoutAndIsNoLetter() {
        let bytes = DeadLetterRecord.removal(of: letter.identity)
        #expect(Array(bytes[..<16]) == [1, 1, 2, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(Array(bytes[24...]) == Array("pg".utf8))
        #expect(DeadLetterRecord.removed(by: bytes) == letter.identity)
        #expect(DeadLetterRecord(encoded: bytes) == nil)
        #expect(DeadLetterRecord.removed(by: letter.encoded) == nil)
        for count in 0..<bytes.count { #expect(DeadLetterRecord.removed(by: Array(bytes[..<count])) == nil) }
    }

    @Test func cutsLongTexts() {
        var long = letter
        long.reason = String(repeating: "x", count: 70_000)
        let read = DeadLetterRecord(encoded: long.encoded)
        #expect(read?.reason.utf8.count == 65_535)
        #expect(read?.payload == letter.payload)
    }
}
