public import WAL

/// The dead letters that are kept beside a log.
extension WriteAheadLog {
    private static let mark = "redriven/"
    /// The number of letters in a batch. The batch's bookmark has their sequence numbers.
    private static let batchMax = 32
    /// The bytes of payloads in a batch of more than one letter. The smallest segments take them.
    private static let batchBytesMax = 16 << 10

    /// Appends the payloads of dead letters to the log again, and removes the letters. Each letter is appended once,
    /// even if the process is killed meanwhile: call the function again with the letters that ``DeadLetterReader``
    /// returns after that.
    ///
    /// A redriven record is a new one. It has a new sequence number and comes after all records of its key that are
    /// newer, and every sink and consumer of the log gets it. To mend a letter, change its ``DeadLetterRecord/payload``
    /// first. If the sink rejects the record again, that is a new dead letter.
    ///
    /// The letters of a sink are appended in the given order, in atomic batches of up to 32. Letters that aren't there any
    /// more are left out. Suspends until the sink has passed the letters' records, and until the new records are durable.
    ///
    /// - Returns: The number of redriven letters.
    /// - Throws:
    ///   - `invalidArgument` if no flusher into the letters' sink runs, and its cursor hasn't passed their records:
    ///     they may still be delivered
    ///   - `recordTooLarge` if a letter doesn't fit into a segment together with the mark that keeps it from coming twice.
    ///     The other letters are redriven
    ///   - the codes of `waitUntilApplied(_:by:)`, `append` and ``DeadLetterLog/append(_:)``. The letters that weren't
    ///     redriven are still there.
    @discardableResult
    public func redrive(_ letters: [DeadLetterRecord]) async throws(WALError) -> Int {
        try await withLetters { kept throws(WALError) in try await self.redrive(letters, kept) }
    }

    private func redrive(_ letters: [DeadLetterRecord], _ kept: DeadLetterLog) async throws(WALError) -> Int {
        let wanted = try await Blocking.run { () throws(WALError) in
            try kept.file.redriving.withLock { _ throws(WALError) in try self.stillKept(letters, kept) }
        }
        for (sink, letters) in wanted {
            try await requirePassed(letters.map(\.sequence).max() ?? .zero, by: sink)
        }
        return try await Blocking.run { () throws(WALError) in
            try kept.file.redriving.withLock { _ throws(WALError) in
                var count = 0
                var failure: WALError?
                for (sink, letters) in try self.stillKept(letters, kept) {
                    count += try self.append(letters, of: sink, kept, &failure)
                }
                if let failure { throw failure }
                return count
            }
        }
    }

    /// Removes dead letters without applying them. Suspends until the removal is durable.
    ///
    /// - Throws: The codes of ``DeadLetterLog/append(_:)``.
    public func discard(_ letters: [DeadLetterRecord]) async throws(WALError) {
        try await withLetters { kept throws(WALError) in try await kept.discard(letters) }
    }

    /// Closes the log of the letters at the end, unless a flusher or a consumer uses it: another process may need it next.
    private func withLetters<Result>(
        _ body: (DeadLetterLog) async throws(WALError) -> Result
    ) async throws(WALError) -> Result {
        let kept = DeadLetterLog.of(self)
        do throws(WALError) {
            let result = try await body(kept)
            await kept.release()
            return result
        } catch {
            await kept.release()
            throw error
        }
    }

    /// Returns the letters that aren't removed, once each and by sink, after removing those that a killed process has
    /// appended.
    private func stillKept(
        _ letters: [DeadLetterRecord], _ kept: DeadLetterLog
    ) throws(WALError) -> [String: [DeadLetterRecord]] {
        for name in bookmarks.keys where name.hasPrefix(Self.mark) {
            try removeAppended(of: String(name.dropFirst(Self.mark.count)), kept)
        }
        var reader = try DeadLetterReader(logDirectory: directory)
        var left: Set<DeadLetterRecord.Identity> = []
        while let letter = try reader.next() { left.insert(letter.identity) }
        return Dictionary(grouping: letters.filter { left.remove($0.identity) != nil }, by: \.sink)
    }

    /// Throws unless the sink has passed a record that it rejected. Before that, the sink may get the record again, in
    /// addition to the redriven one.
    private func requirePassed(_ sequence: SequenceNumber, by sink: String) async throws(WALError) {
        if let running = sinks[sink] { return try await running.waitUntilApplied(sequence) }
        if let position = cursors["sink/\(sink)"] ?? cursors[sink], position >= sequence { return }
        throw WALError(
            .invalidArgument,
            """
            The cursor of \(sink) hasn't passed record \(sequence), which may be delivered again. Run the flusher into \
            \(sink), and redrive the dead letters while it runs.
            """)
    }

    /// Appends the letters of a sink. A batch and the bookmark that names its letters are one frame. Leaves out a letter that is too
    /// large, and sets `failure` for it.
    private func append(
        _ letters: [DeadLetterRecord], of sink: String, _ kept: DeadLetterLog, _ failure: inout WALError?
    ) throws(WALError) -> Int {
        var rest = letters[...]
        var count = 0
        while let first = rest.first {
            var size = first.payload.count
            let chunk =
                [first]
                + rest.dropFirst().prefix(Self.batchMax - 1).prefix { letter in
                    size += letter.payload.count
                    return size <= Self.batchBytesMax
                }
            rest = rest.dropFirst(chunk.count)
            var batch = RecordBatch()
            var sequences: [UInt8] = []
            for letter in chunk {
                batch.append(letter.payload)
                sequences.appendLittleEndian(letter.sequence.rawValue)
            }
            let bookmark = Bookmark(name: Self.mark + sink, position: UInt64(chunk.count), metadata: sequences)
            do throws(WALError) {
                try appendBlocking(batch, bookmark: bookmark)
            } catch {
                guard error.code == .recordTooLarge, chunk.count == 1 else { throw error }
                failure = WALError(
                    .recordTooLarge,
                    """
                    The dead letter of record \(first.sequence) that \(sink) rejected has \(first.payload.count) bytes, which \
                    don't fit into a segment with the mark of its removal. Raise segmentSize, or make the payload smaller.
                    """)
                continue
            }
            count += chunk.count
            try removeAppended(of: sink, kept)
        }
        return count
    }

    /// Removes the letters that the log's bookmark names: they are in the log.
    private func removeAppended(of sink: String, _ kept: DeadLetterLog) throws(WALError) {
        guard let sequences = bookmarks[Self.mark + sink]?.metadata else { return }
        // A power loss must not take the appended records and leave the removal.
        try syncBlocking()
        try kept.remove(
            stride(from: 0, through: sequences.count - 8, by: 8).map { offset in
                DeadLetterRecord.Identity(
                    sink: sink, sequence: SequenceNumber(rawValue: sequences.littleEndian(at: offset, size: 8)))
            })
        try removeBookmark(Self.mark + sink)
    }
}
