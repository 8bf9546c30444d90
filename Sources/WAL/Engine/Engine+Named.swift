extension Engine {
    /// Moves a consumer's cursor, or removes it where `sequence` is nil.
    func setCursor(_ name: String, to sequence: UInt64?) throws(WALError) {
        try require(name: name, metadataSize: 0)
        try set(sequence.map { .cursor(name: name, sequence: $0) } ?? .cursorRemoved(name: name))
    }

    func removeBookmark(_ name: String) throws(WALError) {
        try require(name: name, metadataSize: 0)
        try set(.bookmarkRemoved(name: name))
    }

    /// Remembers an entry and appends it, in the same order. Never waits for a segment: whoever drains the log makes the room
    /// that others wait for.
    private func set(_ entry: NamedPosition) throws(WALError) {
        try state.withLock { state throws(WALError) in try state.requireNotClosed() }
        try pendingNamed.withLock { pending throws(WALError) in
            // Remembered first: where the disk is full, a consumer's progress must still let segments go.
            try named.withLock { named throws(WALError) in
                try named.reserve(entry)
                named.add(entry)
            }
            pending.append(entry)
            appendPending(&pending)
        }
        state.withLock { $0.preparation.isOverBudget = false }
        stateChanged()
    }

    /// Appends what couldn't be when it was set, now that there is a segment.
    func appendPendingNamed() {
        pendingNamed.withLock { pending in appendPending(&pending) }
    }

    private func appendPending(_ pending: inout [NamedPosition]) {
        if !pending.isEmpty, appendControlWithoutWaiting(.cursors, body: CursorsBody.encode(pending)) { pending = [] }
    }

    func require(name: String, metadataSize: Int) throws(WALError) {
        guard (1...CursorsBody.nameSizeMax).contains(name.utf8.count) else {
            throw WALError(
                .invalidArgument,
                "The name of a cursor or bookmark has 1 to \(CursorsBody.nameSizeMax) bytes, not \(name.utf8.count).")
        }
        guard metadataSize <= CursorsBody.metadataSizeMax else {
            throw WALError(
                .invalidArgument,
                "A bookmark's metadata has at most \(CursorsBody.metadataSizeMax) bytes, not \(metadataSize).")
        }
    }
}
