/// The names of the files in a log's directory (FORMAT.md, "Directory").
enum SegmentName {
    /// The highest segment number. No log reaches it, so a file with a higher number isn't the log's.
    static let numberMax: UInt64 = 1 << 62
    static let suffix = ".wal"
    /// The suffix of an incomplete segment. A new segment has it until its header is durable, and a rewritten one until
    /// it replaces the damaged file.
    static let rewriteSuffix = ".wal.new"
    /// The suffix of a sealed segment that was compressed.
    static let compressedSuffix = ".wal.lz4"
    private static let compressingSuffix = ".wal.lz4.new"
    /// The suffix of the mark for a failed sync: the bytes that the kernel returns for the segment may not be on the
    /// disk.
    static let poisonedSuffix = ".wal.poisoned"
    /// The subdirectory for damaged files.
    static let damagedDirectory = "damaged"

    static func of(_ number: UInt64) -> String {
        digits(number) + suffix
    }

    static func temporary(_ number: UInt64) -> String {
        digits(number) + rewriteSuffix
    }

    static func compressed(_ number: UInt64) -> String {
        digits(number) + compressedSuffix
    }

    static func isCompressed(_ path: String) -> Bool { path.hasSuffix(compressedSuffix) }

    /// The name of a compressed segment until it is durable.
    static func compressing(_ number: UInt64) -> String {
        digits(number) + compressingSuffix
    }

    /// Returns the segment number in the name of a file left by an interrupted recovery, preparation or compression.
    /// Returns 0 if the name has none.
    static func unfinishedNumber(_ name: String) -> UInt64 {
        [rewriteSuffix, compressingSuffix].lazy.compactMap { number(name, suffix: $0) }.first ?? 0
    }

    static func isUnfinished(_ name: String) -> Bool {
        number(name, suffix: rewriteSuffix) != nil || number(name, suffix: compressingSuffix) != nil
    }

    static func poisoned(_ number: UInt64) -> String {
        digits(number) + poisonedSuffix
    }

    /// Returns the name of a damaged file with this incarnation in the subdirectory for damaged files.
    static func damaged(_ number: UInt64, incarnation: UInt64, suffix: String) -> String {
        "\(digits(number))-\(String(incarnation, radix: 16))\(suffix)"
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number)
        return zeros.dropLast(text.utf8.count) + text
    }

    private static let zeros = "00000000000000000000"

    static func number(_ name: String, suffix: String = SegmentName.suffix) -> UInt64? {
        guard name.utf8.count == zeros.utf8.count + suffix.utf8.count, name.hasSuffix(suffix) else { return nil }
        // `UInt64` accepts a leading sign, also that of -0, but a segment's name never has one.
        let digits = name.utf8.prefix(zeros.utf8.count)
        let isDigits = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isDigits ? UInt64(Substring(digits)) : nil
    }
}
