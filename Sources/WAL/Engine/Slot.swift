internal import Synchronization

/// What producers need to know of the active segment. Slots outlive the log's segments and are used again, so a producer
/// that was held up between finding the slot and claiming in it does no harm: its claim either fails, or is one in the
/// segment that has the slot by then.
@unsafe
struct Slot: ~Copyable {
    let word = Atomic<UInt64>(ClaimWord.closed)
    // The word goes from processor to processor; what follows is read by all and must not travel with it.
    private let padding = InlineArray<15, UInt64>(repeating: 0)

    /// The same for all segments of a log, so that a late producer can't compare with another segment's limits. A segment
    /// with a smaller capacity starts its word at ``bias`` instead.
    let frameLimit: Int

    // Written only while `word` is closed and no claim is open; read only by the owner of a claim.
    var base: UnsafeMutableRawPointer
    /// What the word's offsets have more than the segment's.
    var bias = 0
    var seed: UInt32 = 0
    var baseSequence: UInt64 = 0
    var basePosition: UInt64 = 0

    init(frameLimit: Int, base: UnsafeMutableRawPointer) {
        unsafe self.frameLimit = frameLimit
        unsafe self.base = unsafe base
    }
}

/// What became of a claim.
enum ClaimOutcome {
    case claimed(offset: Int, recordIndex: Int)
    /// This claim is the one that crossed the end: the segment ends here, and the caller has to say so.
    case crossed(SegmentEnd)
    /// Closed already.
    case closed
}

extension UnsafeMutablePointer<Slot> {
    /// Claims room for a record whose frame has at most ``ClaimWord/additionSizeMax`` bytes. For those only who got the slot from
    /// `current` and, where it turns out to be closed, go by the engine's state before they try again: see ``ClaimWord``.
    ///
    /// Sequentially consistent: whoever looks for claims after raising a flag, and a producer that looks for the flag after its
    /// claim, can't both miss the other.
    @inline(__always)
    func claimByAddition(size: Int) -> ClaimOutcome {
        let claim = ClaimWord.claim(size: size, records: 1)
        let word = unsafe pointee.word.wrappingAdd(claim, ordering: .sequentiallyConsistent).oldValue
        guard unsafe isOpen(word &+ claim) else { return unsafe isOpen(word) ? .crossed(end(word)) : .closed }
        return unsafe claimed(word)
    }

    /// Claims room for any frame, and never runs past the end.
    func claimByExchange(size: Int, records: Int) -> ClaimOutcome {
        let claim = ClaimWord.claim(size: size, records: records)
        var word = unsafe pointee.word.load(ordering: .relaxed)
        while true {
            guard unsafe isOpen(word) else { return .closed }
            guard unsafe isOpen(word + claim) else {
                if let end = unsafe close(expecting: word) { return .crossed(end) }
                word = unsafe pointee.word.load(ordering: .relaxed)
                continue
            }
            let (exchanged, original) = unsafe pointee.word.weakCompareExchange(
                expected: word, desired: word + claim, ordering: .sequentiallyConsistent)
            if exchanged { return unsafe claimed(word) }
            word = original
        }
    }

    /// Closes the segment where it stands, unless it is closed already or a claim has just crossed its end.
    func close() -> SegmentEnd? {
        while true {
            let word = unsafe pointee.word.load(ordering: .relaxed)
            guard unsafe isOpen(word) else { return nil }
            if let end = unsafe close(expecting: word) { return end }
        }
    }

    /// Opens the slot for a segment whose fields have been set, with `used` bytes and no records taken already.
    func open(used: Int) {
        unsafe pointee.word.store(
            ClaimWord.claim(size: used + pointee.bias, records: 0), ordering: .sequentiallyConsistent)
    }

    private func close(expecting word: UInt64) -> SegmentEnd? {
        let (exchanged, _) = unsafe pointee.word.compareExchange(
            expected: word, desired: ClaimWord.closed, ordering: .sequentiallyConsistent)
        return exchanged ? unsafe end(word) : nil
    }

    private func end(_ word: UInt64) -> SegmentEnd {
        unsafe SegmentEnd(
            offset: ClaimWord.offset(word) - pointee.bias, recordCount: UInt64(ClaimWord.records(word)))
    }

    @inline(__always)
    private func claimed(_ word: UInt64) -> ClaimOutcome {
        unsafe .claimed(offset: ClaimWord.offset(word) - pointee.bias, recordIndex: ClaimWord.records(word))
    }

    @inline(__always)
    func isOpen(_ word: UInt64) -> Bool {
        unsafe ClaimWord.offset(word) <= pointee.frameLimit && ClaimWord.records(word) <= ClaimWord.recordsMax
    }
}
