internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Watches all calls that logs in a directory make to the operating system, fails those that it is told to, and records what a
/// crash could leave.
///
/// Make it before the log is opened. Several can be in use at the same time, for different directories. With the last reference
/// to it, the calls are left alone again.
public final class FaultyStorage: Sendable {
    /// The directory; logs are in it or below.
    public let directory: String
    private let hook: Hook

    /// Starts watching a directory, which is there.
    ///
    /// With `recording`, every change is followed, for ``crashState()``, and what is there now counts as durable. This call and each
    /// that the log makes then read the mapped files on the thread that makes them, so have small segments.
    public init(_ directory: String, recording: Bool = false) throws {
        self.directory = directory
        hook = Hook(State(recorder: recording ? try StorageRecorder(directory) : nil))
        StorageHooks.install(hook, for: directory)
    }

    deinit {
        StorageHooks.remove(from: directory)
    }

    // MARK: Failing

    /// Has the call fail that is the `number`th of its kind from now on, or of all kinds, and those after it, `times` in all.
    public func fail(
        _ operation: StorageOperation? = nil, at number: Int = 1, times: Int = 1, with fault: StorageFault
    ) {
        hook.state.withLock { $0.plan.add(operation, at: number, times: times, fault) }
    }

    /// Has one of so many calls fail, each with what its kind can fail with.
    public func failRandomly(seed: UInt64, oneIn count: Int) {
        hook.state.withLock { $0.plan.failRandomly(SeededGenerator(seed: seed), oneIn: count) }
    }

    /// Fails nothing from now on.
    public func heal() {
        hook.state.withLock { $0.plan.heal() }
    }

    /// The faults that came to pass, in order.
    public var injectedFaults: [InjectedFault] { hook.state.withLock(\.plan.injected) }

    /// How many calls of each kind were made.
    public var callCounts: [StorageOperation: Int] { hook.state.withLock(\.plan.counts) }

    /// How many calls were made.
    public var callCount: Int { callCounts.values.reduce(0, +) }

    // MARK: Crashing

    /// What a power loss could leave at this moment. Nil unless recording.
    public func crashState() -> CrashState? {
        hook.state.withLock { state in
            state.recorder?.takeSnapshot()
            return state.recorder?.state
        }
    }

    /// What `kill -9` leaves at this moment: everything that was written. Nil unless recording.
    public func imageOfKilledProcess() -> CrashImage? {
        hook.state.withLock { state in
            state.recorder?.takeSnapshot()
            return state.recorder?.imageOfWritten
        }
    }

    /// Calls `body` before and after every call to the operating system, one call at a time, with what a power loss could leave
    /// then. It mustn't use a log in the directory. Nil to end it.
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
    /// About half of what was to be read or written, and at least a byte.
    fileprivate var partialCount: Int {
        switch self {
        case .read(_, _, let count): max(1, count / 2)
        case .write(_, _, let bytes): max(1, bytes.count / 2)
        default: 0
        }
    }
}
