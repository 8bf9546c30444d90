internal import WAL

/// The dead letters of records that come again.
extension FlusherCore {
    /// Removes the letters of records that these lanes deliver again. They were set aside, and the sink doesn't have
    /// the position past them: the process ended in between, or the sink has lost it. If the sink accepts such a record
    /// now, its letter must not be redriven. If the sink rejects the record, it is set aside again.
    ///
    /// After an error the letters stay, because delivery is more important.
    func removeLetters(comingAgainIn lanes: OwnedLanes) async {
        moveCursor()
        do throws(WALError) {
            let letters = try await Blocking.run { () throws(WALError) in try lettersComingAgain(in: lanes) }
            guard !letters.isEmpty else { return }
            // Without its letter, a record has its last copy in the log. The cursor that keeps it must survive a power
            // loss that the removal survives.
            try await log.sync()
            try await Blocking.run { () throws(WALError) in try deadLetters.remove(letters) }
            events.lettersRemoved(letters.count)
        } catch {
            events.lettersNotRemoved(error)
        }
    }

    private func lettersComingAgain(in lanes: OwnedLanes) throws(WALError) -> [DeadLetterRecord.Identity] {
        var reader = try DeadLetterReader(logDirectory: log.directory)
        var letters: [DeadLetterRecord.Identity] = []
        while let letter = try reader.next() {
            guard letter.sink == sink.name, letter.sequence > lanes.scannedMin else { continue }
            let hash = unsafe key(letter.payload.span.bytes)
            let lane = hash.map { Int(truncatingIfNeeded: $0 % UInt64(configuration.laneCount)) } ?? 0
            if lanes.wants(letter.sequence, lane: lane), try hasRecord(of: letter) { letters.append(letter.identity) }
        }
        return letters
    }

    /// Returns whether the log has the record of a letter. If it doesn't, the letter is the last copy. Another record
    /// may have the number, if the log was restored from an older copy.
    private func hasRecord(of letter: DeadLetterRecord) throws(WALError) -> Bool {
        guard case .record(let record)? = try log.reader(from: letter.sequence).nextEntry() else { return false }
        return record.sequence == letter.sequence && record.time == letter.time && record.payload == letter.payload
    }
}
