import Testing
import WALDelivery

/// A key that changed its lane with a version or a process would be delivered out of order.
@Suite struct StableHashTests {
    /// Values of the hash's authors, with the upper half folded into the lower.
    @Test(
        arguments: [
            ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8),
        ] as [(String, UInt64)])
    func isTheKnownOne(text: String, hash: UInt64) {
        #expect(StableHash.of(text) == hash ^ hash >> 32)
        #expect(StableHash.of(Array(text.utf8).span.bytes) == StableHash.of(text))
    }
}
