/// The cursors and bookmarks at the end of a segment, from its frames alone.
///
/// A snapshot can be at any place in the segment, and has the state before the segment. So the segment's own changes
/// override it.
struct SegmentMarkers {
    private var before = Markers()
    /// The last change of each cursor and bookmark: a consumer may move its cursor with each record.
    private var changes: [Marker.Key: Marker] = [:]
    private(set) var hasSnapshot = false

    mutating func add(_ entries: [Marker]) {
        guard entries.first == .snapshot else {
            for entry in entries { changes[entry.key] = entry }
            return
        }
        hasSnapshot = true
        before = Markers()
        for entry in entries { before.apply(entry) }
    }

    /// Returns the state at the segment's end. `predecessor` is the state at the end of the previous segment, for a
    /// segment without a snapshot.
    func state(after predecessor: Markers) -> Markers {
        var state = hasSnapshot ? before : predecessor
        for change in changes.values { state.apply(change) }
        return state
    }
}
