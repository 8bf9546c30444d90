/// The bytes of a record. They depend on its number only.
///
/// The number identifies the boot, the worker and the worker's append. Each record of a batch also has an index.
struct Payload {
    var number: UInt64
    var index: UInt16 = 0
    var count: UInt16 = 1

    init(number: UInt64, index: Int = 0, count: Int = 1) {
        self.number = number
        self.index = UInt16(index)
        self.count = UInt16(count)
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12 else { return nil }
        number = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        index = UInt16(bytes[8]) << 8 | UInt16(bytes[9])
        count = UInt16(bytes[10]) << 8 | UInt16(bytes[11])
        guard self.bytes == bytes else { return nil }
    }

    static func number(boot: UInt64, worker: Int, append: Int) -> UInt64 {
        boot << 48 | UInt64(worker) << 40 | UInt64(append)
    }

    var bytes: [UInt8] {
        var state = (number &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(index)
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        var bytes: [UInt8] = []
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
        bytes += [UInt8(index >> 8), UInt8(index & 255), UInt8(count >> 8), UInt8(count & 255)]
        // Words of a small alphabet, so that they compress.
        for _ in 0..<(next() % 60) {
            let word = UInt8(truncatingIfNeeded: next() % 16)
            bytes += [65 + word, 97 + word, 98 + word, 99 + word, 32]
        }
        return bytes
    }
}
