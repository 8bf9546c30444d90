internal import Synchronization
internal import WAL

/// The shared state of a flusher, protected by a lock, and the waiting on it. The lock is taken a few times a batch,
/// never for a record.
final class FlusherCoordinator: Sendable {
    typealias Waiter = CheckedContinuation<Result<Void, WALError>, Never>
    typealias Machine = FlusherStateMachine<Waiter>

    private let machine: Monitor<Machine>
    /// A copy of the machine's `appliedIfKnown` outside of the lock, because a storage asks for it with each change.
    /// `UInt64.max` for nil.
    private let appliedNumber = Atomic<UInt64>(.max)

    init(breaker: CircuitBreaker) {
        machine = Monitor(Machine(breaker: breaker))
    }

    /// The last sequence number up to which every record is applied. Zero until the sink was asked.
    var applied: SequenceNumber { appliedIfKnown ?? .zero }

    /// ``applied``, or nil until the sink has reported its positions.
    var appliedIfKnown: SequenceNumber? {
        let number = appliedNumber.load(ordering: .acquiring)
        return number == .max ? nil : SequenceNumber(rawValue: number)
    }

    /// Reads the state, or changes it in a way that no waiter waits for.
    func withState<Value: Sendable>(_ body: (inout Machine) -> Value) -> Value {
        machine.withLock { body(&$0) }
    }

    /// Changes the state and resumes the waiters that `body` returns.
    func update(_ result: Result<Void, WALError> = .success(()), _ body: (inout Machine) -> [Waiter]) {
        let waiters = machine.withLock { machine in
            let waiters = body(&machine)
            appliedNumber.store(machine.appliedIfKnown?.rawValue ?? .max, ordering: .releasing)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    /// Suspends until the condition holds. Throws the error that ended the flusher, or `cancelled` if the waiting
    /// task is canceled.
    func wait(for condition: Machine.Condition) async throws(WALError) {
        let id = machine.withLock { $0.makeWaiterID() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let immediate: Result<Void, WALError>? = machine.withLock { machine in
                    // The handler below may have run before there was a waiter to cancel.
                    if Task.isCancelled { return .failure(.waitCancelled) }
                    return machine.wait(id, for: condition, waiter)
                }
                if let immediate { waiter.resume(returning: immediate) }
            }
        } onCancel: {
            machine.withLock { $0.cancelWait(id) }?.resume(returning: .failure(.waitCancelled))
        }
        try result.get()
    }
}
