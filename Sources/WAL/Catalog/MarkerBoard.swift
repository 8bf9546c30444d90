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
            let size = CursorsBody.encode(entry).count
            let (before, after) = (CursorsBody.encode(markers.snapshot).count, CursorsBody.encode(next.snapshot).count)
            guard after <= before || after + reservedSize <= MarkerBoard.sizeMax else {
                throw WALError(
                    .invalidArgument,
                    "All cursors and bookmarks together need more than \(MarkerBoard.sizeMax) bytes. Remove some.")
            }
            reservedSize += size
        }

        mutating func release(_ entry: Marker) {
            reservedSize -= CursorsBody.encode(entry).count
        }

        mutating func add(_ entry: Marker) {
            release(entry)
            markers.apply(entry)
        }
    }

    private let register: Monitor<Register>
    /// Changes that couldn't be appended because no segment was open. Lock order: before `register`, the catalog's state, and the locks
    /// of the sync duty and the tail readers.
    private let pending = Monitor<[Marker]>([])

    init(_ markers: Markers) {
        register = Monitor(Register(markers: markers))
    }

    var markers: Markers { register.withLock { $0.markers } }

    /// The space for a batch's bookmark.
    struct Reservation {
        fileprivate let entry: Marker
        /// The pending changes that the bookmark replaces.
        fileprivate let replaced: [Marker]
    }

    /// Reserves space in the next footer for the bookmark of a batch, until ``add(_:)`` or ``release(_:)``.
    ///
    /// Takes back a pending change of the bookmark: after the batch in the log, it would undo the bookmark.
    func reserve(_ entry: Marker) throws(WALError) -> Reservation {
        try register.withLock { register throws(WALError) in try register.reserve(entry) }
        let replaced = pending.withLock { pending in
            let replaced = pending.filter { $0.isReplaced(by: entry) }
            pending.removeAll { $0.isReplaced(by: entry) }
            return replaced
        }
        return Reservation(entry: entry, replaced: replaced)
    }

    /// Gives up a reservation, because the batch wasn't appended.
    func release(_ reservation: Reservation) {
        register.withLock { $0.release(reservation.entry) }
        guard !reservation.replaced.isEmpty else { return }
        pending.withLock { pending in
            let isChanged = pending.contains { reservation.entry.isReplaced(by: $0) }
            if !isChanged { pending.insert(contentsOf: reservation.replaced, at: 0) }
        }
    }

    /// Applies the bookmark of a batch that was appended.
    func add(_ reservation: Reservation) {
        register.withLock { $0.add(reservation.entry) }
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
            // Only the last change of a name counts, so what waits is bounded by the number of names.
            pending.removeAll { $0.isReplaced(by: entry) }
            pending.append(entry)
            Self.flush(&pending, append)
        }
    }

    /// Appends the changes that couldn't be appended before.
    func flushPending(append: ([Marker]) -> Bool) {
        pending.withLock { pending in Self.flush(&pending, append) }
    }

    /// Appends the changes in frames that fit into every segment.
    private static func flush(_ pending: inout [Marker], _ append: ([Marker]) -> Bool) {
        while !pending.isEmpty {
            var size = 0
            let count = pending.prefix { entry in
                size += CursorsBody.encode(entry).count
                return size <= sizeMax
            }.count
            guard append(Array(pending.prefix(count))) else { return }
            pending.removeFirst(count)
        }
    }

    /// The names of the cursors and bookmarks whose changes aren't appended yet, sorted.
    var pendingNames: [String] {
        pending.withLock { pending in Set(pending.compactMap(\.name)).sorted() }
    }
}
