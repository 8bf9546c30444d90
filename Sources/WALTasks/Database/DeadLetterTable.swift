package import WAL
package import WALDelivery

/// The statements for a store's dead letters. They run within a transaction.
package struct DeadLetterTable {
    private let insert: any PreparedStatement
    private let read: any PreparedQuery
    private let remove: any PreparedStatement
    private let storesNUL: Bool

    /// Makes a table from its statements.
    ///
    /// - Parameters:
    ///   - insert: Inserts a letter, and keeps an existing one. A database that was restored may have set the record
    ///     aside already, and that must not stop the sink.
    ///   - read: Reads the letter with an id, and locks it against other sessions that want to apply it.
    ///   - remove: Removes the letter with an id.
    ///   - storesNUL: Whether texts of the database may have a NUL.
    package init(
        insert: any PreparedStatement, read: any PreparedQuery, remove: any PreparedStatement, storesNUL: Bool = true
    ) {
        self.insert = insert
        self.read = read
        self.remove = remove
        self.storesNUL = storesNUL
    }

    private func insert(_ letter: StoredDeadLetter) throws(StoreError) {
        bind(letter.id, to: insert)
        insert.bind(letter.lane.map { Int64($0) })
        insert.bind(letter.kind)
        insert.bind(storable(letter.rowID))
        insert.bind(letter.body)
        insert.bind(letter.code)
        insert.bind(storable(letter.reason))
        insert.bind(letter.time)
        try insert.run()
    }

    func letter(_ id: StoredDeadLetter.ID) throws(StoreError) -> StoredDeadLetter? {
        read.bind(id.log.description)
        read.bind(Int64(bitPattern: id.sequence.rawValue))
        return try read.letters().first
    }

    package func remove(_ id: StoredDeadLetter.ID) throws(StoreError) {
        bind(id, to: remove)
        try remove.run()
    }

    private func bind(_ id: StoredDeadLetter.ID, to statement: any PreparedStatement) {
        statement.bind(id.log.description)
        statement.bind(Int64(bitPattern: id.sequence.rawValue))
    }

    /// Returns a text that the database takes. It may have refused the row because of a NUL in its id, and would refuse
    /// that here, too. The letter's body has the id unchanged.
    private func storable(_ text: String?) -> String? {
        storesNUL ? text : text?.replacing("\0", with: "\u{FFFD}")
    }

    /// Sets aside the records of a batch that can't be decoded.
    package func setAsideUndecodable(
        of batch: TaskBatch, at time: Timestamp, in letters: inout [DeadLetter]
    ) throws(StoreError) {
        for (record, letter) in batch.undecodable {
            try insert(StoredDeadLetter(undecodable: record, letter, of: batch, time: time))
            letters.append(letter)
        }
    }

    /// Sets aside an operation that the database has rejected.
    package func setAside(
        _ operation: TaskBatch.Operation, of batch: TaskBatch, for refusal: StoreError, at time: Timestamp,
        in letters: inout [DeadLetter]
    ) throws(StoreError) {
        let letter = StoredDeadLetter(
            operation, of: batch, code: refusal.letterCode, reason: refusal.message, time: time)
        try insert(letter)
        letters.append(letter.summary)
    }
}
