/// Payload bytes, identical for all contenders and incompressible.
public struct Payload: Sendable {
    public let bytes: [UInt8]

    public init(size: Int) {
        var generator = Generator(state: 0x9E37_79B9_7F4A_7C15)
        bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    public var size: Int { bytes.count }
    /// The size of a record's frame in the log.
    public var frameSize: Int { (24 + size + 7) & ~7 }

    /// A generator with a fixed seed (Vigna, SplitMix64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
