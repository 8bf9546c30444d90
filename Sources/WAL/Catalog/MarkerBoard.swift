/// The cursors and bookmarks of an open log, and those changes that couldn't be appended yet.
final class MarkerBoard: Sendable {
    /// The limit of the markers' size: half of a footer's space for them. While one entry replaces another, both may be
    /// in the segment that ends.
    static let sizeMax = SegmentFooter.markersSizeMax / 2

    private struct Register {
        var markers: Markers
        /// Bytes of the entries that are being appended. They must fit into the footer of the segment that ends next.
        var reservedSize = 0

        mutating func reserve(_ entry: Marker) throws(WALError) {
            var next = markers
            next.apply(entry)
            let size = CursorsBody.encode([entry]).count
            let (before, after) = (CursorsBody.encode(markers.snapshot).count, CursorsBody.encode(next.snapshot).count)
            guard after <= before || after + reservedSize <= MarkerBoard.sizeMax else {
                throw WALError(
                    .invalidArgument,
                    "All cursors and bookmarks together need more than \(MarkerBoard.sizeMax) bytes. Remove some.")
            }
            reservedSize += size
        }

        mutating func release(_ entry: Marker) {
            reservedSize -= CursorsBody.encode([entry]).count
        }

        mutating func add(_ entry: Marker) {
            release(entry)
            markers.apply(entry)
        }
    }

    private struct Pending {
        /// The changes in order, with at most one for each name. So the number of names bounds their number.
        var changes: [Marker] = []
        /// The bookmarks of batches that are being appended. A change of such a bookmark waits for the batch. If its
        /// frame came after the batch in the log, it would undo the batch's bookmark.
        var reserved: [Marker] = []

        mutating func endReservation(of entry: Marker) {
            if let index = reserved.firstIndex(of: entry) { reserved.remove(at: index) }
        }

        /// Appends the changes in frames that fit into every segment.
        mutating func flush(_ append: ([Marker]) -> Bool) {
            while true {
                var size = 0
                let part = changes.filter { change in !reserved.contains { change.isReplaced(by: $0) } }.prefix {
                    entry in
                    size += CursorsBody.encode([entry]).count
                    return size <= sizeMax
                }
                guard !part.isEmpty, append(Array(part)) else { return }
                changes.removeAll { part.contains($0) }
            }
        }
    }

    private let register: Monitor<Register>
    /// Changes that couldn't be appended because no segment was open. Lock order: before `register`, the catalog's state, and the locks
    /// of the sync duty and the tail readers.
    private let pending = Monitor(Pending())

    init(_ markers: Markers) {
        register = Monitor(Register(markers: markers))
    }

    var markers: Markers { register.withLock { $0.markers } }

    /// Reserves space in the next footer for the bookmark of a batch, until ``add(_:)`` or ``release(_:)``.
    func reserve(_ entry: Marker) throws(WALError) {
        try pending.withLock { pending throws(WALError) in
            try register.withLock { register throws(WALError) in try register.reserve(entry) }
            pending.reserved.append(entry)
        }
    }

    /// Gives up the reservation for a batch that wasn't appended.
    func release(_ entry: Marker) {
        pending.withLock { pending in
            register.withLock { $0.release(entry) }
            pending.endReservation(of: entry)
        }
    }

    /// Applies the bookmark of a batch that was appended. It replaces a change that waits.
    func add(_ entry: Marker) {
        pending.withLock { pending in
            register.withLock { $0.add(entry) }
            pending.endReservation(of: entry)
            pending.changes.removeAll { $0.isReplaced(by: entry) }
        }
    }

    /// Applies an entry and appends it, in the same order for all entries. `append` appends the entries, or returns false while no segment
    /// is open.
    func set(_ entry: Marker, append: ([Marker]) -> Bool) throws(WALError) {
        try pending.withLock { pending throws(WALError) in
            // Applied first: on a full disk, a consumer's progress must still let retention remove segments.
            try register.withLock { register throws(WALError) in
                try register.reserve(entry)
                register.add(entry)
            }
            pending.changes.removeAll { $0.isReplaced(by: entry) }
            pending.changes.append(entry)
            pending.flush(append)
        }
    }

    /// Appends the changes that couldn't be appended before.
    func flushPending(append: ([Marker]) -> Bool) {
        pending.withLock { $0.flush(append) }
    }

    /// The names of the cursors and bookmarks whose changes aren't appended yet, sorted.
    var pendingNames: [String] {
        pending.withLock { pending in Set(pending.changes.compactMap(\.name)).sorted() }
    }
}
