import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The wish to stop, from a signal or from within. A pipe, because a thread that waits for input has to see it, too.
final class StopSignal: Sendable {
    enum Readiness {
        case readable, timedOut, stopped
    }

    private let readEnd: Int32
    private let writeEnd: Int32
    private let number = Atomic<Int32>(0)

    init() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { fatalError("No file descriptor left") }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// The signal that asked, `SIGINT` or `SIGTERM`.
    var signalName: String? {
        switch number.load(ordering: .acquiring) {
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        default: nil
        }
    }

    func request() {
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }

    /// The first SIGINT or SIGTERM asks to stop, the second one ends the process as usual.
    func catchSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                self.number.store(number, ordering: .releasing)
                for each in [SIGINT, SIGTERM] { signal(each, SIG_DFL) }
                request()
            }
            source.resume()
            return source
        }
    }

    /// Waits until `descriptor` can be read, or somebody asked to stop, or `timeout` milliseconds have passed.
    func waitForInput(_ descriptor: Int32, timeout: Int32) throws(ToolError) -> Readiness {
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&entries, 2, timeout)
            if count < 0 {
                if errno == EINTR { continue }
                throw ToolError(.inputOutput, "Waiting for input failed: \(String(cString: strerror(errno)))")
            }
            if entries[1].revents != 0 { return .stopped }
            return count == 0 ? .timedOut : .readable
        }
    }
}
