#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALTasks

    /// What it takes to cancel what a connection is doing, from any thread.
    ///
    /// `@unchecked Sendable`: the pointer never changes, and PQcancel may be called from any thread.
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
            // The request goes over a connection of its own.
            StandardDescriptors.fill()
            var message: [CChar] = Array(repeating: 0, count: 256)
            unsafe PQcancel(handle, &message, Int32(message.count))
        }

        func hasCaused(_ error: StoreError) -> Bool {
            error.sqlState == "57014"
        }
    }
#endif
