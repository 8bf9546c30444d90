/// The cursors and bookmarks of an open log, and the room for those that are being appended: all of them must fit into
/// the footer of whichever segment ends next.
struct NamedRegister {
    private(set) var positions: NamedPositions
    private var reservedSize = 0

    /// Half of the footer's room: while one entry replaces another, both may be in the segment that ends.
    static let sizeMax = SegmentFooter.namedSizeMax / 2

    init(_ positions: NamedPositions) {
        self.positions = positions
    }

    /// Keeps room for an entry until it is added or given up.
    mutating func reserve(_ entry: NamedPosition) throws(WALError) {
        var next = positions
        next.apply(entry)
        let size = CursorsBody.encode(entry).count
        let (before, after) = (CursorsBody.encode(positions.snapshot).count, CursorsBody.encode(next.snapshot).count)
        guard after <= before || after + reservedSize <= Self.sizeMax else {
            throw WALError(
                .invalidArgument,
                "All cursors and bookmarks together take up more than \(Self.sizeMax) bytes. Remove some.")
        }
        reservedSize += size
    }

    mutating func giveUp(_ entry: NamedPosition) {
        reservedSize -= CursorsBody.encode(entry).count
    }

    /// Remembers an entry for which there was room.
    mutating func add(_ entry: NamedPosition) {
        giveUp(entry)
        positions.apply(entry)
    }
}
