/// The atomic integer from which producers claim their places: the claimed part of the active segment.
///
///      63                    36 35                                   0
///     +------------------------+--------------------------------------+
///     | records claimed        | bytes claimed / 8, closed: 2^34 more |
///     +------------------------+--------------------------------------+
///
/// One atomic addition claims a sequence number and a place, so both have the same order. Late additions run past the
/// end, but never overflow into the neighboring field:
///
/// - Only small frames are claimed by addition: at most 2^13 units and one record each. Larger frames, and batches, use
///   compare-and-exchange and never run past the end.
/// - A producer adds without looking first, because a look would fetch the word's cache line a second time. A producer
///   that finds the word closed consults the catalog before it tries again. There, `current` is nil until the next
///   opening of the word. So between the closing of a word and its next opening, each thread adds at most once. Linux
///   has at most 2^22 threads, so that is at most 2^35 units and 2^22 records.
/// - An open word has at most 2^27 units (1 GiB) and 2^26 records. A closed word has 2^34 units more. The sums stay
///   below 2^36 and 2^28.
enum ClaimWord {
    static let countShift = 36
    static let unitsMask: UInt64 = 1 << 36 - 1
    static let closed: UInt64 = 1 << 34
    /// The largest frame that may be claimed by addition, in bytes.
    static let additionSizeMax = 64 << 10

    /// The number that a claim adds to the word.
    @inline(__always)
    static func claim(size: Int, records: Int) -> UInt64 {
        UInt64(records) << countShift | UInt64(size >> 3)
    }

    @inline(__always)
    static func offset(_ word: UInt64) -> Int {
        Int(word & unitsMask) << 3
    }

    @inline(__always)
    static func records(_ word: UInt64) -> Int {
        Int(word >> countShift)
    }
}
