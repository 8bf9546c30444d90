#if MySQL
    internal import CWALMySQL

    /// The state of the client library, for the process and for each thread that uses it.
    enum Library {
        /// Whether the library is ready. The first use prepares it, before any thread uses it: the library's own
        /// preparation at the first connection isn't thread-safe.
        static let isReady = mysql_server_init(0, nil, nil) == 0

        /// Prepares the calling thread.
        static func enterThread() {
            if isReady { mysql_thread_init() }
        }

        /// Frees the library's resources for the calling thread.
        static func leaveThread() {
            if isReady { mysql_thread_end() }
        }
    }
#endif
