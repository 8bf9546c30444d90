/// A hash that is the same in every process and version, for the key closure of a ``Flusher``.
///
/// Swift's own hashes have another seed in each process, so a key would change its lane at a restart.
///
/// ```swift
/// let flusher = Flusher(log: log, sink: sink) { payload in StableHash.of(customer(of: payload)) }
/// ```
public enum StableHash {
    /// Returns the hash of a text's UTF-8.
    public static func of(_ text: String) -> UInt64 {
        unsafe of(text.utf8.span.bytes)
    }

    /// Returns a 64-bit FNV-1a hash with its upper half folded into the lower. (Fowler, Noll, Vo: draft-eastlake-fnv.)
    ///
    /// Lanes are chosen by the low bits, which otherwise depend only on the low bits of the input.
    public static func of(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<bytes.byteCount {
            hash ^= UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            hash &*= 0x0000_0100_0000_01B3
        }
        return hash ^ (hash >> 32)
    }
}
