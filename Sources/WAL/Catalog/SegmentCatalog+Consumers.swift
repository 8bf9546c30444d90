extension SegmentCatalog {
    /// Reads the files of the consumers in other processes. Called before each decision to remove segments.
    func refreshConsumers() throws(WALError) {
        let known = consumers.withLock { $0.names }
        guard let folder = try ConsumerFolder(of: directory) else {
            return consumers.withLock { $0.update([], logID: nil, now: .now) }
        }
        // A listing may miss a file that is being replaced.
        let names = Set(try folder.names()).union(known).sorted()
        var found: [ConsumerPins.Found] = []
        for name in names {
            let content = try folder.content(of: name)
            var pinned: UInt64 = 0
            if case .state(let state) = content { pinned = byteCount(after: state.position) }
            found.append(ConsumerPins.Found(name: name, content: content, pinnedBytes: pinned))
        }
        let logID = state.withLock { $0.entries.first?.segment.header.logID }
        consumers.withLock { $0.update(found, logID: logID, now: .now) }
    }

    /// The position that all consumers have passed; nil if there are none.
    var passedByConsumers: UInt64? {
        let cursor = markers.markers.cursors.values.min()
        let outside = consumers.withLock { $0.passed }
        guard let cursor, let outside else { return cursor ?? outside }
        return min(cursor, outside)
    }
}
