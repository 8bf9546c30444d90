/// A segment of an open log, and the stage of its life.
struct CatalogEntry {
    enum Stage {
        /// Producers claim from the slot.
        case active(LiveSegment, SlotReference)
        /// No more claims. Producers may still be committing.
        case ended(LiveSegment, SlotReference, SegmentEnd)
        /// All frames are committed and the footer is written. A sync is due.
        case sealed(LiveSegment, SegmentFooter)
        /// The whole file is durable.
        case durable(SegmentFooter)
    }

    var segment: Segment
    private(set) var stage: Stage
    var fileSize: Int
    /// The age of the segment's last record when it was sealed.
    var age = SegmentAge()
    /// Whether compression has failed or saves too little.
    var isIncompressible = false

    /// The end of the segment's frames; nil for the active segment.
    var end: SegmentEnd? {
        switch stage {
        case .active: nil
        case .ended(_, _, let end): end
        case .sealed(_, let footer), .durable(let footer): footer.end
        }
    }

    var footer: SegmentFooter? {
        switch stage {
        case .active, .ended: nil
        case .sealed(_, let footer), .durable(let footer): footer
        }
    }

    var live: LiveSegment? {
        switch stage {
        case .active(let live, _), .ended(let live, _, _), .sealed(let live, _): live
        case .durable: nil
        }
    }

    var slot: SlotReference? {
        switch stage {
        case .active(_, let slot), .ended(_, let slot, _): slot
        case .sealed, .durable: nil
        }
    }

    /// Whether the whole file is durable. Only durable segments are removed or compressed.
    var isDurable: Bool {
        if case .durable = stage { true } else { false }
    }

    /// Whether the segment has ended and has no footer yet. Sealing makes its file smaller.
    var isUnsealed: Bool {
        if case .ended = stage { true } else { false }
    }

    /// Ends the segment: producers can't claim any more.
    mutating func end(at end: SegmentEnd) {
        if case .active(let live, let slot) = stage { stage = .ended(live, slot, end) }
    }

    /// Seals the segment, after its footer was written. `segment` is a different one if the file was replaced.
    mutating func seal(_ segment: Segment, _ footer: SegmentFooter, fileSize: Int) {
        guard let live else { return }
        self.segment = segment
        self.fileSize = fileSize
        age = SegmentAge()
        stage = .sealed(live, footer.withoutIndex)
    }

    /// Marks the file as synced.
    mutating func makeDurable() {
        if case .sealed(_, let footer) = stage { stage = .durable(footer) }
    }
}

extension SegmentFooter {
    /// The end of the segment's frames. The footer comes after them.
    var end: SegmentEnd { SegmentEnd(offset: offset, recordCount: finalSequence + 1 - firstSequence) }
}
