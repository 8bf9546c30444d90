internal import CWALShims

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A thread of the log's own, for work that may block.
package enum NamedThread {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new thread. `name` has at most 15 bytes.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(WALError) {
        let start = unsafe Unmanaged.passRetained(Start(name, body))
        var thread = pthread_t(bitPattern: 0)
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe cwal_set_thread_name(start.name)
                cwal_block_file_size_signal()
                start.body()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            unsafe start.release()
            throw WALError.system("pthread_create", name, errno: result)
        }
        pthread_detach(thread)
    }

    /// Lets another thread run.
    static func yield() {
        sched_yield()
    }

    /// Lets the thread run that the caller waits for. After many turns, that thread is probably paused. Then the caller
    /// sleeps for a moment, so that its wait doesn't take a processor.
    static func yield(afterTurns count: Int) {
        if count < yieldsMax { sched_yield() } else { sleep(.microseconds(100)) }
    }

    private static let yieldsMax = 1000

    /// Blocks the calling thread for at least this time, up to an hour.
    package static func sleep(_ duration: Duration) {
        usleep(UInt32(clamping: Int64(duration / .microseconds(1))))
    }
}
