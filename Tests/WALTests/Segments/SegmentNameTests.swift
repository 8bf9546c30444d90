import Testing

@testable import WAL

/// Files with other names belong to someone else.
@Suite struct SegmentNameTests {
    /// A file with another name isn't the log's, and doesn't prevent its opening.
    @Test func onlyDigitsAreANumber() {
        #expect(SegmentName.number("00000000000000000012.wal") == 12)
        for name in ["+0000000000000000012.wal", "-0000000000000000012.wal", "0000000000000000001a.wal", "12.wal"] {
            #expect(SegmentName.number(name) == nil)
        }
    }
}
