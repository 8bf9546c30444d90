extension Engine {
    /// Moves a consumer's cursor, or removes it where `sequence` is nil.
    func setCursor(_ name: String, to sequence: UInt64?) throws(WALError) {
        try require(name: name, metadataSize: 0)
        let entry: NamedPosition =
            sequence.map { .cursor(name: name, sequence: $0) } ?? .cursorRemoved(name: name)
        // Remembered first: where the disk is full, a consumer's progress must still let segments go.
        try named.withLock { named throws(WALError) in
            try named.reserve(entry)
            named.add(entry)
        }
        state.withLock { $0.preparation.isOverBudget = false }
        state.signal()
        try appendControl(.cursors, body: CursorsBody.encode(entry))
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
