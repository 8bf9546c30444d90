extension SegmentHeader {
    /// The result of reading the first bytes of a file.
    enum Decoded: Hashable {
        /// A usable header. If both copies were torn while the segment was activated, this is the prepared header from
        /// before. `damagedCopies` is the number of damaged copies.
        case header(SegmentHeader, damagedCopies: Int)
        /// An intact header with a format version that this code doesn't know.
        case unknownVersion(major: UInt16, minor: UInt16)
        /// An intact header with incompatible features that this code doesn't know.
        case unknownFeatures(UInt64)
        /// No copy is intact.
        case damaged
    }

    /// Reads the header from the start of a file. `bytes` may be shorter than a header. `number` is the segment number
    /// in the file's name.
    static func decode(_ bytes: UnsafeRawBufferPointer, number: UInt64? = nil) -> Decoded {
        let copies = [0, copySize].compactMap { offset -> Decoded? in
            guard let base = bytes.baseAddress, bytes.count >= offset + copySize else { return nil }
            return unsafe decodeCopy(base + offset)
        }
        // Both copies are written together. A copy with another segment's number was written to the wrong place. If the
        // copies differ otherwise, activation was interrupted, and the active copy is newer.
        let own = copies.filter { if case .header(let header, _) = $0 { header.segmentNumber == number } else { true } }
        let likely = own.isEmpty ? copies : own
        let best = likely.first { if case .header(let header, _) = $0 { header.state == .active } else { true } }
        switch best ?? likely.first {
        case .header(let header, _):
            let whole = copies.count { copy in
                guard case .header(let other, _) = copy else { return false }
                return other == header || (other.state == .prepared && other.incarnation == header.incarnation)
            }
            return .header(header, damagedCopies: 2 - whole)
        case .some(let refusal): return refusal
        case nil: return unsafe interrupted(bytes, number) ?? .damaged
        }
    }

    /// Returns the prepared header if the power failed while the segment was activated, after a part of each copy had
    /// reached the disk. The state is written last (``encode(to:)``), so it is still `prepared`.
    private static func interrupted(_ bytes: UnsafeRawBufferPointer, _ number: UInt64?) -> Decoded? {
        guard let base = bytes.baseAddress, bytes.count >= size else { return nil }
        for copy in [0, copySize] {
            guard unsafe base.load(UInt64.self, at: copy + Offset.magic) == magic,
                unsafe base.load(UInt16.self, at: copy + Offset.versionMajor) == versionMajor,
                unsafe base.load(UInt64.self, at: copy + Offset.incompatibleFeatures) & ~knownIncompatibleFeatures == 0,
                unsafe base.load(UInt32.self, at: copy + Offset.state) == State.prepared.rawValue,
                unsafe base.load(UInt64.self, at: copy + Offset.segmentNumber) == number
            else { return nil }
        }
        let header = unsafe prepared(base)
        return header.isWithinLimits ? .header(header, damagedCopies: 2) : nil
    }

    /// Reads the fields that activation doesn't change.
    private static func prepared(_ base: UnsafeRawPointer) -> SegmentHeader {
        var header = SegmentHeader(
            logID: unsafe LogID(low: base.load(at: Offset.logID), high: base.load(at: Offset.logID + 8)),
            segmentNumber: unsafe base.load(at: Offset.segmentNumber),
            incarnation: unsafe base.load(at: Offset.incarnation),
            capacity: unsafe base.load(at: Offset.capacity), state: .prepared)
        header.incompatibleFeatures = unsafe base.load(at: Offset.incompatibleFeatures)
        header.compatibleFeatures = unsafe base.load(at: Offset.compatibleFeatures)
        return header
    }

    private static func decodeCopy(_ base: UnsafeRawPointer) -> Decoded? {
        let covered = unsafe UnsafeRawBufferPointer(start: base, count: Offset.checksum)
        guard unsafe base.load(UInt64.self, at: Offset.magic) == magic,
            unsafe base.load(UInt32.self, at: Offset.checksum) == Checksum.of(covered)
        else { return nil }
        let major = unsafe base.load(UInt16.self, at: Offset.versionMajor)
        guard major == versionMajor else {
            return unsafe .unknownVersion(major: major, minor: base.load(at: Offset.versionMinor))
        }
        let unknown =
            unsafe base.load(UInt64.self, at: Offset.incompatibleFeatures) & ~knownIncompatibleFeatures
        guard unknown == 0 else { return .unknownFeatures(unknown) }
        guard let state = State(rawValue: unsafe base.load(at: Offset.state)) else { return nil }
        var header = unsafe prepared(base)
        header.state = state
        header.baseSequence = unsafe base.load(at: Offset.baseSequence)
        header.basePosition = unsafe base.load(at: Offset.basePosition)
        header.epoch = unsafe base.load(at: Offset.epoch)
        header.bootID = unsafe BootID(low: base.load(at: Offset.bootID), high: base.load(at: Offset.bootID + 8))
        header.creationTime = unsafe base.load(at: Offset.creationTime)
        header.predecessor = unsafe Predecessor(
            number: base.load(at: Offset.predecessorNumber),
            incarnation: base.load(at: Offset.predecessorIncarnation),
            length: base.load(at: Offset.predecessorLength),
            finalSequence: base.load(at: Offset.predecessorFinalSequence))
        header.replacedIncarnation = unsafe base.load(at: Offset.replacedIncarnation)
        header.uptime = unsafe base.load(at: Offset.uptime)
        if header.incompatibleFeatures & replicaFeature != 0 {
            header.source = unsafe LogID(low: base.load(at: Offset.source), high: base.load(at: Offset.source + 8))
        }
        guard header.isWithinLimits else { return nil }
        return .header(header, damagedCopies: 0)
    }

    /// Whether a log can reach the header's numbers. If so, computations with them don't overflow, and no two segments
    /// claim the same number.
    private var isWithinLimits: Bool {
        (UInt64(Self.size)...Self.lengthMax).contains(capacity) && predecessor.length <= Self.lengthMax
            && [baseSequence, basePosition, epoch, predecessor.finalSequence].allSatisfy { $0 <= Self.countMax }
            && (state == .prepared
                || (baseSequence > predecessor.finalSequence && predecessor.number < segmentNumber))
    }
}
