internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A storage that makes system calls of logs fail and records the states that a crash could leave.
///
/// It watches all calls to the operating system that the logs in a directory make. Make the storage before you open a
/// log. Several storages may watch different directories at the same time. A storage stops watching when the last
/// reference to it is released.
public final class FaultyStorage: Sendable {
    /// The path of the watched directory, which contains the logs.
    public let directory: String
    private let hook: Hook

    /// Starts to watch an existing directory.
    ///
    /// With `recording`, the storage follows every change for ``crashState()``. The current contents count as durable.
    /// Then this call and each later call of the log read all mapped files on the calling thread, so use small
    /// segments.
    ///
    /// - Parameters:
    ///   - directory: The path of the directory.
    ///   - recording: Whether the storage records changes.
    /// - Throws: ``SystemCallError`` if the directory can't be read for a recording.
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

    /// Makes consecutive calls of one kind fail, or consecutive calls of any kind.
    ///
    /// - Parameters:
    ///   - operation: The kind of the calls; nil for calls of all kinds.
    ///   - number: The number of the first call that fails, counted from 1 for the next call.
    ///   - times: The number of calls that fail.
    ///   - fault: The fault of these calls.
    public func fail(
        _ operation: StorageOperation? = nil, at number: Int = 1, times: Int = 1, with fault: StorageFault
    ) {
        let rule = FaultPlan.Rule(operation: operation, remaining: number, times: times, fault: fault)
        hook.state.withLock { $0.plan.rules.append(rule) }
    }

    /// Makes calls fail at random, with faults that are possible for their kind.
    ///
    /// - Parameters:
    ///   - seed: The seed of the random numbers.
    ///   - count: The average number of calls per fault.
    public func failRandomly(seed: UInt64, oneIn count: Int) {
        hook.state.withLock { $0.plan.random = (SeededGenerator(seed: seed), count) }
    }

    /// Ends all faults.
    public func heal() {
        hook.state.withLock { $0.plan.heal() }
    }

    /// The faults that have occurred, in order.
    public var injectedFaults: [InjectedFault] { hook.state.withLock(\.plan.injected) }

    /// The number of calls of each kind.
    public var callCounts: [StorageOperation: Int] { hook.state.withLock(\.plan.counts) }

    /// The number of calls of all kinds.
    public var callCount: Int { callCounts.values.reduce(0, +) }

    // MARK: Crashing

    /// Returns the state from which a power loss at this moment would start; nil if the storage doesn't record.
    public func crashState() -> CrashState? {
        hook.state.withLock { state in
            state.recorder?.takeSnapshot()
            return state.recorder?.state
        }
    }

    /// Returns the files that `kill -9` leaves at this moment, which contain every write; nil if the storage doesn't
    /// record.
    public func imageOfKilledProcess() -> CrashImage? {
        hook.state.withLock { state in
            state.recorder?.takeSnapshot()
            return state.recorder?.imageOfWritten
        }
    }

    /// Calls `body` before and after every call to the operating system, if the storage records.
    ///
    /// - Parameter body: Gets the state from which a power loss at that moment would start. It runs for one call at a
    ///   time, and must not use a log in the directory. Nil ends the calls.
    public func watch(_ body: (@Sendable (CrashState) -> Void)?) {
        hook.state.withLock { $0.observer = body }
    }

    fileprivate struct State {
        var plan = FaultPlan()
        var recorder: StorageRecorder?
        var observer: (@Sendable (CrashState) -> Void)?

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
    /// About half of the bytes to read or write, but at least one byte.
    fileprivate var partialCount: Int {
        switch self {
        case .read(_, _, let count): max(1, count / 2)
        case .write(_, _, let bytes): max(1, bytes.count / 2)
        default: 0
        }
    }
}
