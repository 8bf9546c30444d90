/// A hash function of task ids by their bytes, for this process only. Its random seed prevents clients from choosing
/// ids that collide.
struct TaskIDHasher {
    private let seed = UInt64.random(in: .min ... .max)

    /// Returns the hash of an id. It multiplies eight bytes at a time to 128 bits and folds them, as wyhash does
    /// (Wang Yi, github.com/wangyi-fudan/wyhash).
    func hash(_ id: String) -> UInt64 {
        unsafe hash(id.utf8.span.bytes)
    }

    func hash(_ bytes: RawSpan) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: bytes.byteCount)
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            hash = Self.mix(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ hash)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.byteCount {
            rest = unsafe UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) | rest << 8
            offset += 1
        }
        return Self.mix(hash ^ rest)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return high ^ low
    }
}
