#if MySQL
    internal import CWALMySQL

    /// The client library's own state: of the process, and of each thread that uses it.
    enum Library {
        /// Prepares the library once, before any thread uses it: its own way of doing so at the first connection isn't
        /// thread-safe.
        static let isReady = mysql_server_init(0, nil, nil) == 0

        /// Prepares the calling thread.
        static func enterThread() {
            if isReady { mysql_thread_init() }
        }

        /// Frees what the calling thread had.
        static func leaveThread() {
            if isReady { mysql_thread_end() }
        }
    }
#endif
