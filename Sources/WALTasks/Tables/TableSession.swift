package import WALDelivery

/// The connection of a sink into tables of the user's own, with the statements that its function has used.
package protocol TableSession: LaneSession {
    /// Moves the lanes of a batch and runs `body`, in one transaction. `key` is the key of the lanes.
    func moving(_ batch: SinkBatch, key: String, _ body: () throws(StoreError) -> Void) throws(StoreError)

    // MARK: Statements of the function

    func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int
    /// `rows` isn't empty.
    func executeMany(_ sql: String, _ rows: [[SQLValue]]) throws(StoreError) -> Int
    func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]]
}

extension TableSession {
    /// The largest number of prepared statements. A function that writes values into the text of its statements would
    /// otherwise fill the memory, here or on the server.
    package static var statementsMax: Int { 100 }

    /// Returns the error of a function's statement that ends or begins a transaction.
    package func transactionError(_ sql: String) -> StoreError {
        connection.error(
            .invalidArgument,
            "the transaction is the sink's: leave COMMIT, ROLLBACK, BEGIN and savepoints to it, and throw an error to undo",
            statement: sql)
    }

    /// Throws unless a statement gets the number of values that it takes.
    package func requireCount(_ count: Int, _ taken: Int, _ sql: String) throws(StoreError) {
        guard count == taken else {
            throw connection.error(
                .invalidArgument, "the statement takes \(taken) values, not \(count)", statement: sql)
        }
    }

    /// Returns the first word of a statement in upper case, which identifies its kind.
    package func requireWord(_ sql: String) throws(StoreError) -> String {
        if sql.utf8.contains(0) {
            throw connection.error(.invalidArgument, "the statement has a NUL: bind the value", statement: sql)
        }
        let word = sql.drop { $0.isWhitespace }.prefix { $0.isASCII && $0.isLetter }.uppercased()
        if word.isEmpty {
            throw connection.error(
                .invalidArgument, "the text begins with no statement's word: write comments after it", statement: sql)
        }
        return word
    }
}
