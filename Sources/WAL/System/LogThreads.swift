/// The threads that the logs of a process on one file system share.
///
/// A disk that doesn't answer holds the threads of its logs. The logs on other file systems have threads of their own,
/// so they continue.
struct LogThreads: Sendable {
    /// Syncs, as `SyncDuty` does.
    let sync = SharedThreads("wal-sync", threadMax: 12)
    /// Makes segments ready, removes old ones, and reports.
    let maintenance = SharedThreads("wal-maintenance", threadMax: 6)
    /// Compresses segments. Appends, syncs and reads have the processor first.
    let compression = SharedThreads("wal-compression", threadMax: 2, isUrgent: false)

    private static let byDevice = Monitor<[UInt64: LogThreads]>([:])

    /// Returns the threads for a log in this directory.
    static func of(_ directory: Directory) -> LogThreads {
        byDevice.withLock { threads in
            let device = directory.place.identity.device
            if let known = threads[device] { return known }
            let new = LogThreads()
            threads[device] = new
            return new
        }
    }
}
