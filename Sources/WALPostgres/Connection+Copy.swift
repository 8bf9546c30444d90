#if Postgres
    internal import CWALPostgres
    internal import WALTasks

    extension Connection {
        /// A stream that sends the bytes of a COPY.
        @safe struct CopyStream {
            /// The size of the pieces to send, in bytes. The server processes a piece while the next one is encoded.
            static let pieceSize = 32 << 10

            fileprivate let connection: Connection
            fileprivate let name: String

            func send(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
                let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                guard unsafe PQputCopyData(connection.handle, start, Int32(clamping: bytes.count)) == 1 else {
                    throw connection.failure(name)
                }
            }
        }

        /// Runs a COPY inside a transaction. `body` sends the bytes. Returns the number of rows.
        func copy(
            _ sql: String, named name: String, _ body: (CopyStream) throws(StoreError) -> Void
        ) throws(StoreError) -> Int {
            let begun = unsafe PQexec(handle, sql)
            guard unsafe PQresultStatus(begun) == PGRES_COPY_IN else {
                unsafe try check(begun, name)
                throw error(.other, "the server takes no rows", statement: name)
            }
            unsafe PQclear(begun)
            do throws(StoreError) {
                try body(CopyStream(connection: self, name: name))
            } catch {
                unsafe PQclear(endCopy("the batch was given up"))
                throw error
            }
            guard let result = unsafe endCopy(nil) else { throw failure(name) }
            return unsafe try check(result, name).changedCount
        }

        /// Ends a COPY. With a reason, the server discards the rows. Returns the server's answer, or nil if the
        /// connection is broken.
        private func endCopy(_ reason: String?) -> OpaquePointer? {
            // If the end wasn't sent, each PQgetResult would ask for more rows, and the loop would never end.
            guard unsafe PQputCopyEnd(handle, reason) == 1 else { return nil }
            let answer = unsafe PQgetResult(handle)
            while let next = unsafe PQgetResult(handle) { unsafe PQclear(next) }
            return unsafe answer
        }
    }
#endif
