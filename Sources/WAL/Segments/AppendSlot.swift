internal import Synchronization

/// The claim word of the active segment, and the fields that producers need with it.
///
/// Slots outlive segments and are reused. A producer may be delayed between finding a slot and claiming in it. That is
/// harmless: its claim either fails, or is a claim in the segment that uses the slot by then.
@unsafe
struct AppendSlot: ~Copyable {
    let word = Atomic<UInt64>(ClaimWord.closed)
    // Processors exchange the word's cache line all the time. All producers read the fields after it, so they must not
    // share that line.
    private let padding = InlineArray<15, UInt64>(repeating: 0)

    /// The limit of the word's offsets, equal for all segments of a log, so that a late producer can't compare with
    /// another segment's limit. The word of a segment with a smaller capacity starts at ``bias`` instead of 0.
    let frameLimit: Int

    // Written only while `word` is closed and no claim is open; read only by the owner of a claim.
    var base: UnsafeMutableRawPointer
    /// The word's offset minus the offset in the segment.
    var bias = 0
    var seed: UInt32 = 0
    var baseSequence: UInt64 = 0
    var basePosition: UInt64 = 0

    init(frameLimit: Int, base: UnsafeMutableRawPointer) {
        unsafe self.frameLimit = frameLimit
        unsafe self.base = unsafe base
    }
}

/// The slots of an open log, in memory that lives as long as this object.
///
/// `@unchecked Sendable`: the pointer never changes. The rules in ``AppendSlot`` protect the slots.
@safe
final class AppendSlots: @unchecked Sendable {
    static let count = 8
    private let memory: UnsafeMutablePointer<AppendSlot>

    init(frameLimit: Int, base: UnsafeMutableRawPointer) {
        unsafe memory = .allocate(capacity: Self.count)
        for index in 0..<Self.count {
            unsafe (memory + index).initialize(to: AppendSlot(frameLimit: frameLimit, base: base))
        }
    }

    var all: [SlotReference] { (0..<Self.count).map { unsafe SlotReference(memory + $0) } }

    deinit {
        unsafe memory.deinitialize(count: Self.count)
        unsafe memory.deallocate()
    }
}

/// The result of a claim.
enum ClaimOutcome {
    case claimed(offset: Int, recordIndex: Int)
    /// This claim crossed the end: the segment ends here, and the caller must register the end.
    case crossed(SegmentEnd)
    /// The segment had already ended.
    case closed
}

/// A reference to a slot of an ``AppendSlots`` object, which must outlive it.
///
/// `@unchecked Sendable`: see ``AppendSlots``.
@safe
struct SlotReference: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<AppendSlot>

    @inline(__always)
    init(_ pointer: UnsafeMutablePointer<AppendSlot>) {
        unsafe self.pointer = unsafe pointer
    }

    @inline(__always) var base: UnsafeMutableRawPointer { unsafe pointer.pointee.base }
    @inline(__always) var seed: UInt32 { unsafe pointer.pointee.seed }
    @inline(__always) var baseSequence: UInt64 { unsafe pointer.pointee.baseSequence }
    @inline(__always) var basePosition: UInt64 { unsafe pointer.pointee.basePosition }

    /// Claims a place for a record whose frame has at most ``ClaimWord/additionSizeMax`` bytes.
    ///
    /// Only for producers that got the slot from `Appender.current`. If the slot is closed, they must consult the
    /// catalog before they try again: see ``ClaimWord``.
    ///
    /// Sequentially consistent: a thread that sets a flag and then looks for claims, and a producer that claims and then looks for the
    /// flag, can't both miss the other.
    @inline(__always)
    func claimByAddition(size: Int) -> ClaimOutcome {
        let claim = ClaimWord.claim(size: size, records: 1)
        let word = unsafe pointer.pointee.word.wrappingAdd(claim, ordering: .sequentiallyConsistent).oldValue
        guard isOpen(word &+ claim) else { return isOpen(word) ? .crossed(end(word)) : .closed }
        return claimed(word)
    }

    /// Claims a place for a frame of any size. Never moves the word past the end.
    func claimByExchange(size: Int, records: Int) -> ClaimOutcome {
        let claim = ClaimWord.claim(size: size, records: records)
        var word = unsafe pointer.pointee.word.load(ordering: .relaxed)
        while true {
            guard isOpen(word) else { return .closed }
            guard isOpen(word + claim) else {
                if let end = close(expecting: word) { return .crossed(end) }
                word = unsafe pointer.pointee.word.load(ordering: .relaxed)
                continue
            }
            let (exchanged, original) = unsafe pointer.pointee.word.weakCompareExchange(
                expected: word, desired: word + claim, ordering: .sequentiallyConsistent)
            if exchanged { return claimed(word) }
            word = original
        }
    }

    /// Closes the slot and returns the segment's end. Returns nil if the slot is closed already, or if a claim has just
    /// crossed its end.
    func close() -> SegmentEnd? {
        while true {
            let word = unsafe pointer.pointee.word.load(ordering: .relaxed)
            guard isOpen(word) else { return nil }
            if let end = close(expecting: word) { return end }
        }
    }

    /// Sets the fields for a segment. The slot must be closed.
    func assign(_ live: LiveSegment) {
        let header = live.segment.header
        unsafe pointer.pointee.base = live.mapping.base
        unsafe pointer.pointee.seed = live.segment.seed
        unsafe pointer.pointee.baseSequence = header.baseSequence
        unsafe pointer.pointee.basePosition = header.basePosition
        unsafe pointer.pointee.bias = pointer.pointee.frameLimit - live.frameLimit
    }

    /// Opens the slot to claims. The first one starts after `used` bytes.
    func open(used: Int) {
        unsafe pointer.pointee.word.store(
            ClaimWord.claim(size: used + pointer.pointee.bias, records: 0), ordering: .sequentiallyConsistent)
    }

    /// The end of all claims so far; nil if the slot is closed.
    var claimedEnd: SegmentEnd? {
        let word = unsafe pointer.pointee.word.load(ordering: .sequentiallyConsistent)
        return isOpen(word) ? end(word) : nil
    }

    private func close(expecting word: UInt64) -> SegmentEnd? {
        let (exchanged, _) = unsafe pointer.pointee.word.compareExchange(
            expected: word, desired: ClaimWord.closed, ordering: .sequentiallyConsistent)
        return exchanged ? end(word) : nil
    }

    private func end(_ word: UInt64) -> SegmentEnd {
        unsafe SegmentEnd(
            offset: ClaimWord.offset(word) - pointer.pointee.bias, recordCount: UInt64(ClaimWord.records(word)))
    }

    @inline(__always)
    private func claimed(_ word: UInt64) -> ClaimOutcome {
        unsafe .claimed(offset: ClaimWord.offset(word) - pointer.pointee.bias, recordIndex: ClaimWord.records(word))
    }

    @inline(__always)
    private func isOpen(_ word: UInt64) -> Bool {
        unsafe ClaimWord.offset(word) <= pointer.pointee.frameLimit
            && ClaimWord.records(word) <= SegmentHeader.recordCountMax
    }
}
