/// The moves of a reader to another place, which keep the segments that it has opened.
extension LogReader {
    /// The number of segments that a seeking reader keeps open.
    private static let openedMax = 64

    /// Moves the reader to a sequence number. The next entry is the record with this number, or the first entry after
    /// it.
    ///
    /// The reader keeps the segments that it was in, and the places of frames that it found there. So a seek into a
    /// plain segment that it knows takes less than a microsecond. It makes no system call, unless another process may
    /// still seal the segment. The record is verified when it is read, as always.
    ///
    /// - Parameter sequence: The number. If the log doesn't have it yet, the reader is at the end.
    public func seek(to sequence: SequenceNumber) {
        move(to: .sequence(max(1, sequence.rawValue)))
    }

    /// Moves the reader to a time. The next record is the first one of this time or later.
    ///
    /// - Parameter time: The time. If all records are earlier, the reader is at the end.
    public func seek(since time: Timestamp) {
        move(to: .time(time.rawValue))
    }

    private func move(to place: Place) {
        retain(batch.memory)
        batch = PendingBatch()
        gaps = GapReporter()
        foundGap = nil
        tries = 0
        triedSequence = 0
        isSeeking = true
        self.place = place
        switchTo(nil)
    }

    /// Enters the segment of the wanted record at the record's frame, if the reader has opened it. Returns false if it must be located.
    func enterOpened() -> Bool {
        guard isSeeking, case .sequence(let wanted) = place,
            let index = openedSequences.firstIndex(where: { $0.contains(wanted) })
        else { return false }
        guard source.pin(ObjectIdentifier(self), in: opened[index].segment) else {
            forget(index)
            return false
        }
        return hop(in: opened[index])
    }

    /// Returns the segment if the reader has opened it.
    func reuse(_ segment: Segment) -> ReadableSegment? {
        opened.first { $0.segment.segment === segment && !$0.segment.isShared }?.segment
    }

    /// Moves within a segment that was just located to the wanted record's frame, and keeps the segment open. Returns false if the frame
    /// isn't found.
    func hop(in segment: ReadableSegment) throws(WALError) -> Bool {
        guard isSeeking, !segment.isCompressed else { return false }
        if let known = opened.first(where: { $0.segment.segment === segment.segment }) { return hop(in: known) }
        if opened.count == Self.openedMax { forget(0) }
        let places = try FramePlaces(segment)
        opened.append(places)
        openedSequences.append(places.sequences)
        return hop(in: places)
    }

    func forget(_ index: Int) {
        opened.remove(at: index)
        openedSequences.remove(at: index)
    }

    private func hop(in places: FramePlaces) -> Bool {
        let header = places.segment.segment.header
        let found =
            switch place {
            case .start: nil as FramePlaces.Place?
            case .sequence(let wanted):
                wanted >= header.baseSequence
                    ? places.find(recordIndex: UInt32(clamping: wanted - header.baseSequence)) : nil
            case .time(let time): places.find(since: time)
            }
        // The frames that lead to the place aren't verified, and the file may have been cut before it.
        guard let found, Int(found.offset) + Frame.headerSize <= places.segment.presentLimit else { return false }
        if current?.segment !== places.segment.segment { switchTo(places.segment) }
        offset = Int(found.offset)
        recordIndex = found.recordIndex
        // If the frame isn't the wanted one, the reader walks the segment from its first frame.
        isAtIndexEntry = true
        return true
    }
}
