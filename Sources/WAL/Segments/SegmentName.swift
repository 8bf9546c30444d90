/// How the files in a log's directory are named (FORMAT.md, "Directory").
enum SegmentName {
    /// No log gets there; a file with a number beyond is somebody's else.
    static let numberMax: UInt64 = 1 << 62
    static let suffix = ".wal"
    /// What a segment is called until it is complete: a new one until its header is durable, a rewritten one until it takes the
    /// damaged one's place.
    static let rewriteSuffix = ".wal.new"
    /// A sealed segment that was compressed.
    static let compressedSuffix = ".wal.lz4"
    private static let compressingSuffix = ".wal.lz4.new"
    /// Says that a sync of the segment failed, so that what the kernel shows of it may not be on the disk.
    static let poisonedSuffix = ".wal.poisoned"
    /// Where damaged files are kept.
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

    /// What a compressed segment is called until it is durable.
    static func compressing(_ number: UInt64) -> String {
        digits(number) + compressingSuffix
    }

    /// The number of the segment that a file belongs to which an interrupted recovery, preparation or compression has left; 0 where
    /// the name has none.
    static func unfinishedNumber(_ name: String) -> UInt64 {
        [rewriteSuffix, compressingSuffix].lazy.compactMap { number(name, suffix: $0) }.first ?? 0
    }

    static func isUnfinished(_ name: String) -> Bool {
        name.hasSuffix(rewriteSuffix) || name.hasSuffix(compressingSuffix)
    }

    static func poisoned(_ number: UInt64) -> String {
        digits(number) + poisonedSuffix
    }

    /// What the damaged file with this incarnation is called where damaged files are kept.
    static func damaged(_ number: UInt64, incarnation: UInt64, suffix: String) -> String {
        "\(digits(number))-\(String(incarnation, radix: 16))\(suffix)"
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number)
        return zeros.dropLast(text.utf8.count) + text
    }

    private static let zeros = "00000000000000000000"

    static func number(_ name: String) -> UInt64? {
        number(name, suffix: suffix)
    }

    static func number(_ name: String, suffix: String) -> UInt64? {
        guard name.utf8.count == zeros.utf8.count + suffix.utf8.count, name.hasSuffix(suffix) else { return nil }
        // A sign makes a number, too, and no name of a segment.
        return name.utf8.first == UInt8(ascii: "+") ? nil : UInt64(name.dropLast(suffix.utf8.count))
    }
}
