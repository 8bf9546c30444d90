#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALTasks

    /// A handle with which any thread can cancel the running statement of a connection.
    ///
    /// `@unchecked Sendable`: the pointer never changes, and any thread may call PQcancel.
    @safe final class CancelHandle: CancelTarget, @unchecked Sendable {
        let threadName = "wal-pg-cancel"
        private let handle: OpaquePointer?

        init(_ connection: OpaquePointer) {
            unsafe handle = unsafe PQgetCancel(connection)
        }

        deinit {
            unsafe PQfreeCancel(handle)
        }

        func cancel() {
            // The request uses a connection of its own.
            StandardDescriptors.fill()
            var message: [CChar] = Array(repeating: 0, count: 256)
            unsafe PQcancel(handle, &message, Int32(message.count))
        }

        func hasCaused(_ error: StoreError) -> Bool {
            error.sqlState == "57014"
        }
    }
#endif
