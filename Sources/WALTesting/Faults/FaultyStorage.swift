internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A storage that makes system calls of logs fail and records the states that a crash could leave.
///
/// It watches all calls that logs in a directory make to the operating system. Make it before the log is opened.
/// Several can be in use at the same time for different directories. Releasing the last reference ends the watching.
public final class FaultyStorage: Sendable {
    /// The watched directory. The logs are in it or below it.
    public let directory: String
    private let hook: Hook

    /// Starts watching an existing directory.
    ///
    /// With `recording`, it follows every change for ``crashState()``, and the current contents count as durable.
    /// This call and each later call of the log then read the mapped files on the calling thread, so use small
    /// segments.
    public init(_ directory: String, recording: Bool = false) throws {
        var directory = directory
        while directory.utf8.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        self.directory = directory
        hook = Hook(State(recorder: recording ? try StorageRecorder(directory) : nil))
        StorageHooks.install(hook, for: directory)
    }

    deinit {
        StorageHooks.remove(from: directory)
    }

    // MARK: Failing

    /// Makes `times` consecutive calls fail, beginning with the `number`th from now on. Counts the calls of one kind,
    /// or of all kinds.
    public func fail(
        _ operation: StorageOperation? = nil, at number: Int = 1, times: Int = 1, with fault: StorageFault
    ) {
        hook.state.withLock { $0.plan.add(operation, at: number, times: times, fault) }
    }

    /// Makes one call in `count` fail on average, with an error that is possible for its kind.
    public func failRandomly(seed: UInt64, oneIn count: Int) {
        hook.state.withLock { $0.plan.failRandomly(SeededGenerator(seed: seed), oneIn: count) }
    }

    /// Ends all failures.
    public func heal() {
        hook.state.withLock { $0.plan.heal() }
    }

    /// The faults that have occurred, in order.
    public var injectedFaults: [InjectedFault] { hook.state.withLock(\.plan.injected) }

    /// The number of calls of each kind.
    public var callCounts: [StorageOperation: Int] { hook.state.withLock(\.plan.counts) }

    /// The number of calls.
    public var callCount: Int { callCounts.values.reduce(0, +) }

    // MARK: Crashing

    /// Returns the states that a power loss could leave at this moment, or nil if it doesn't record.
    public func crashState() -> CrashState? {
        hook.state.withLock { state in
            state.recorder?.takeSnapshot()
            return state.recorder?.state
        }
    }

    /// Returns the files that `kill -9` leaves at this moment, which hold every write. Nil if it doesn't record.
    public func imageOfKilledProcess() -> CrashImage? {
        hook.state.withLock { state in
            state.recorder?.takeSnapshot()
            return state.recorder?.imageOfWritten
        }
    }

    /// Calls `body` before and after every call to the operating system, with the states that a power loss could
    /// leave then.
    ///
    /// It is called for one call at a time, and must not use a log in the directory. Pass nil to stop.
    public func watch(_ body: (@Sendable (CrashState) -> Void)?) {
        hook.state.withLock { $0.observer = body }
    }

    fileprivate struct State {
        var plan = FaultPlan()
        var recorder: StorageRecorder?
        var observer: (@Sendable (CrashState) -> Void)?

        init(recorder: StorageRecorder?) {
            self.recorder = recorder
        }

        func tell() {
            if let recorder, let observer { observer(recorder.state) }
        }
    }

    fileprivate final class Hook: StorageHook {
        let state: Monitor<State>

        init(_ state: State) {
            self.state = Monitor(state)
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            state.withLock { state in
                state.recorder?.willMake(call)
                state.tell()
                guard let operation = StorageOperation(call), let fault = state.plan.next(operation) else {
                    return .proceed
                }
                switch fault {
                case .error(let number): return .fail(number)
                case .losingPages:
                    state.recorder?.losePages(of: call)
                    return .fail(EIO)
                case .short: return .proceedPartly(call.partialCount)
                }
            }
        }

        func after(_ call: StorageCall, result: Int) {
            state.withLock { state in
                state.recorder?.didMake(call, result: result)
                state.tell()
            }
        }
    }
}

extension StorageCall {
    /// About half of the bytes to read or write, at least one.
    fileprivate var partialCount: Int {
        switch self {
        case .read(_, _, let count): max(1, count / 2)
        case .write(_, _, let bytes): max(1, bytes.count / 2)
        default: 0
        }
    }
}
