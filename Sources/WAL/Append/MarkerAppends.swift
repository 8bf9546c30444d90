extension Appender {
    /// Sets or removes a cursor or a bookmark, without a record. Never waits for a segment: a consumer's progress lets
    /// retention free the space that appends wait for.
    func set(_ entry: Marker) throws(WALError) {
        try entry.requireValid()
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
    func requireValid() throws(WALError) {
        let nameSize = name?.utf8.count ?? 0
        guard (1...CursorsBody.nameSizeMax).contains(nameSize) else {
            throw WALError(
                .invalidArgument,
                "A cursor or bookmark name must have 1 to \(CursorsBody.nameSizeMax) bytes, not \(nameSize).")
        }
        guard case .bookmark(let mark) = self, mark.metadata.count > CursorsBody.metadataSizeMax else { return }
        throw WALError(
            .invalidArgument,
            "A bookmark's metadata may have at most \(CursorsBody.metadataSizeMax) bytes, not \(mark.metadata.count).")
    }
}
