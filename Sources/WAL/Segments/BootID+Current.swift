extension BootID {
    /// The running kernel's identifier, or ``unknown`` if the system has none. Then recovery trusts no unsynced data.
    static let current: BootID = {
        guard let file = try? File("/proc/sys/kernel/random/boot_id", .read),
            let text = try? file.read(at: 0, count: 64)
        else { return .unknown }
        let digits = text.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 32 else { return .unknown }
        func half(_ digits: ArraySlice<Int>) -> UInt64 { digits.reduce(0) { $0 << 4 | UInt64($1) } }
        return BootID(low: half(digits[..<16]), high: half(digits[16...]))
    }()
}
