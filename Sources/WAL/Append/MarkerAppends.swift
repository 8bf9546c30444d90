extension Appender {
    /// Moves a consumer's cursor, or removes it if `sequence` is nil. Never waits for a segment: a consumer's progress
    /// lets retention free the space that appends wait for.
    func setCursor(_ name: String, to sequence: UInt64?) throws(WALError) {
        try Marker.require(name: name, metadataSize: 0)
        try set(sequence.map { .cursor(name: name, sequence: $0) } ?? .cursorRemoved(name: name))
    }

    /// Sets a bookmark without a record. Never waits for a segment.
    func setBookmark(_ mark: Bookmark) throws(WALError) {
        try Marker.require(name: mark.name, metadataSize: mark.metadata.count)
        try set(.bookmark(mark))
    }

    func removeBookmark(_ name: String) throws(WALError) {
        try Marker.require(name: name, metadataSize: 0)
        try set(.bookmarkRemoved(name: name))
    }

    private func set(_ entry: Marker) throws(WALError) {
        try catalog.state.withLock { state throws(WALError) in try state.requireNotClosed() }
        try catalog.markers.set(entry, append: append)
        catalog.recheckBudget()
    }

    /// Appends the changes of cursors and bookmarks that couldn't be appended before.
    func flushPendingMarkers() {
        catalog.markers.flushPending(append: append)
    }

    /// Appends the changes that couldn't be appended before, to the next segment if this one has ended. Leaves them pending if the log is
    /// full.
    ///
    /// A cursor's frame that crosses the end of a segment opens no other one, so it would wait for the next record.
    func appendPendingMarkers() async throws(WALError) {
        while !catalog.markers.pendingNames.isEmpty {
            do throws(WALError) {
                try await suspendForNextSegment(after: nil, whenFull: .fail)
            } catch {
                guard error.isFull else { throw error }
                return
            }
            // Others may have filled the segment already, or a batch with the bookmark is being appended.
            flushPendingMarkers()
            await Task.yield()
        }
    }

    /// Appends the changes as ``appendPendingMarkers()`` does. Blocks for the next segment.
    func appendPendingMarkersBlocking() throws(WALError) {
        while !catalog.markers.pendingNames.isEmpty {
            do throws(WALError) {
                try openNextSegment(after: nil, whenFull: .fail)
            } catch {
                guard error.isFull else { throw error }
                return
            }
            // Others may have filled the segment already, or a batch with the bookmark is being appended.
            flushPendingMarkers()
            NamedThread.yield()
        }
    }

    private func append(_ entries: [Marker]) -> Bool {
        appendControlIfReady(.cursors, body: CursorsBody.encode(entries))
    }
}

extension WALError {
    fileprivate var isFull: Bool { code == .diskFull || code == .logFull }
}

extension Marker {
    /// Throws unless a cursor or bookmark can have this name and this much metadata.
    static func require(name: String, metadataSize: Int) throws(WALError) {
        guard (1...CursorsBody.nameSizeMax).contains(name.utf8.count) else {
            throw WALError(
                .invalidArgument,
                "A cursor or bookmark name must have 1 to \(CursorsBody.nameSizeMax) bytes, not \(name.utf8.count).")
        }
        guard metadataSize <= CursorsBody.metadataSizeMax else {
            throw WALError(
                .invalidArgument,
                "A bookmark's metadata may have at most \(CursorsBody.metadataSizeMax) bytes, not \(metadataSize).")
        }
    }
}
