extension Engine {
    /// Moves a consumer's cursor, or removes it where `sequence` is nil.
    func setCursor(_ name: String, to sequence: UInt64?) throws(WALError) {
        try require(name: name, metadataSize: 0)
        let entry: NamedPosition =
            sequence.map { .cursor(name: name, sequence: $0) } ?? .cursorRemoved(name: name)
        try requireRoom(for: entry)
        // Remembered first: where the disk is full, a consumer's progress must still let segments go.
        named.withLock { $0.apply(entry) }
        state.withLock { $0.preparation.isOverBudget = false }
        state.signal()
        try appendControl(.cursors, body: CursorsBody.encode(entry))
    }

    /// All that is remembered must fit into a footer.
    func requireRoom(for entry: NamedPosition) throws(WALError) {
        var next = named.withLock { $0 }
        next.apply(entry)
        guard CursorsBody.encode([.snapshot] + next.snapshot).count <= SegmentFooter.namedSizeMax else {
            throw WALError(
                .invalidArgument,
                "All cursors and bookmarks together take up more than \(SegmentFooter.namedSizeMax) bytes. Remove some."
            )
        }
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
