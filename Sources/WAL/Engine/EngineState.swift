/// What the engine knows of its segments. Rarely used: at rolls, seals, removals, never for an append that fits.
@safe
struct EngineState {
    enum Phase {
        case open
        case closing
        case closed
        /// A write or sync failed, and what it was for can't be written elsewhere.
        case poisoned(WALError)

        var isClosing: Bool {
            if case .closing = self { true } else { false }
        }

        var isClosingOrClosed: Bool {
            switch self {
            case .closing, .closed: true
            case .open, .poisoned: false
            }
        }
    }

    /// A segment of the log, sealed or live.
    @safe
    struct Entry {
        var segment: Segment
        /// Where its frames end; nil for the active segment.
        var end: SegmentEnd?
        var footer: SegmentFooter?
        var fileSize: Int
        /// While its frames aren't all seen committed, and after that until it was synced.
        var live: LiveSegment?
        /// What producers claim from; nil once all its frames are committed.
        var slot: UnsafeMutablePointer<Slot>?
        /// How old it is, as of the moment when it was seen sealed.
        var age = SegmentAge()
        /// It isn't to be compressed.
        var staysAsItIs = false
        var isRemovable: Bool { footer != nil && live == nil }
    }

    var phase = Phase.open
    /// The oldest first; the last one is the active one, or has ended and waits for its successor.
    var entries: [Entry] = []
    var prepared: [PreparedSegment] = []
    var nextNumber: UInt64
    /// Counts the recoveries that dropped anything, and the times that sequence numbers were skipped.
    var epoch: UInt64
    /// The next segment begins behind this sequence number at least.
    var skippedThrough: UInt64 = 0
    var freeSlots: [UnsafeMutablePointer<Slot>] = unsafe []
    var preparation: Preparation
    /// When the last segment was opened.
    var openingTime = ContinuousClock.now
    /// The record that the active segment should have ended with, while its end is still to come.
    var awaitedEnd: UInt64?
    /// Readers, each with the number of the segment that it is in or before.
    var pins: [ObjectIdentifier: UInt64] = [:]
    var suspended = SuspendedTasks()
    /// The engine's threads that run.
    var threadCount = 0

    struct Preparation {
        /// How large the next file is to be.
        var capacity: Int
        /// Somebody waits for a segment.
        var isDemanded = false
        /// Why there is none; cleared when somebody asks again.
        var failure: WALError?
        var lastFailure: ContinuousClock.Instant?
        /// Why the last try to make a segment failed; nil once one was made.
        var obstacle: WALError?
        /// The disk budget is used up.
        var isOverBudget = false
        /// Since when the budget is used up unless sealing, which is due, makes a file smaller.
        var awaitsSealingSince: ContinuousClock.Instant?
    }

    init(nextNumber: UInt64, epoch: UInt64, capacity: Int) {
        self.nextNumber = nextNumber
        self.epoch = epoch
        preparation = Preparation(capacity: capacity)
    }

    var diskSize: Int {
        entries.reduce(0) { $0 + $1.fileSize } + prepared.reduce(0) { $0 + $1.mapping.size }
    }

    /// Whether the next segment can be opened at once.
    var isNextReady: Bool { unsafe !prepared.isEmpty && !freeSlots.isEmpty }

    /// Whether a segment has ended and has no footer yet: sealing it makes its file smaller.
    var hasUnsealedEnd: Bool {
        entries.contains { $0.end != nil && $0.footer == nil }
    }

    func index(of number: UInt64) -> Int? {
        entries.firstIndex { $0.segment.number == number }
    }

    /// Throws if the log was closed. A poisoned one can still be drained.
    func requireNotClosed() throws(WALError) {
        switch phase {
        case .open, .poisoned: break
        case .closing, .closed: try requireOpen()
        }
    }

    /// Throws unless appends are taken.
    func requireOpen() throws(WALError) {
        switch phase {
        case .open: break
        case .closing, .closed: throw WALError(.closed, "The log was closed. Open it again to append.")
        case .poisoned(let cause) where cause.code == .directoryGone: throw cause
        case .poisoned(let cause):
            throw WALError(
                .poisoned,
                "The log takes no records since an error of its disk. It tries again every second: see to the disk.",
                cause: cause, isRetriable: true)
        }
    }
}
