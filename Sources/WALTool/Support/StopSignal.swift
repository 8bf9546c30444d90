import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A request to stop, from a signal or from the program. It is a pipe, so that a thread that polls its input notices
/// the request.
final class StopSignal: Sendable {
    enum Readiness {
        case readable, timedOut, stopped
    }

    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws(ToolError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError(.inputOutput, "Making a pipe failed: \(systemMessage())") }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// The name of the signal that came: `SIGINT` or `SIGTERM`; nil without one.
    var signalName: String? {
        switch caughtSignal.load(ordering: .acquiring) {
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        default: nil
        }
    }

    func request() {
        Self.wake(writeEnd)
    }

    /// Makes the first SIGINT or SIGTERM a request to stop. The second signal ends the process as usual.
    func catchSignals() {
        wakingEnd.store(writeEnd, ordering: .releasing)
        caughtSignal.store(0, ordering: .releasing)
        for each in [SIGINT, SIGTERM] {
            // The handler calls only functions that are safe in a signal handler.
            signal(each) { number in
                caughtSignal.store(number, ordering: .releasing)
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
                StopSignal.wake(wakingEnd.load(ordering: .acquiring))
            }
        }
    }

    /// Restores the default actions of the signals.
    func releaseSignals() {
        for each in [SIGINT, SIGTERM] { signal(each, SIG_DFL) }
        wakingEnd.store(-1, ordering: .releasing)
    }

    /// Suspends until a signal has come.
    func waitForSignal() async throws {
        while signalName == nil { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// Runs `body` in a task, which the first signal cancels.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async -> Result<Value, any Error> {
        let running = Task { try await body() }
        let stopping = Task {
            try await waitForSignal()
            running.cancel()
        }
        defer { stopping.cancel() }
        return await running.result
    }

    private static func wake(_ descriptor: Int32) {
        var byte: UInt8 = 0
        _ = write(descriptor, &byte, 1)
    }

    /// Blocks until `descriptor` is readable, a stop is requested, or `timeout` milliseconds have passed.
    func waitForInput(_ descriptor: Int32, timeout: Int32) throws(ToolError) -> Readiness {
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&entries, 2, timeout)
            if count < 0 {
                if errno == EINTR { continue }
                throw ToolError(.inputOutput, "Waiting for input failed: \(systemMessage())")
            }
            if entries[1].revents != 0 { return .stopped }
            return count == 0 ? .timedOut : .readable
        }
    }
}

// A signal handler can't capture anything, so its state is global.
private let caughtSignal = Atomic<Int32>(0)
private let wakingEnd = Atomic<Int32>(-1)
