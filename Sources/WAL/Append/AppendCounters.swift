internal import Synchronization

/// Counts of the appends that waited or failed. An append that does neither counts nothing.
final class AppendCounters: Sendable {
    /// What an append waits for.
    enum Wait: String, CaseIterable {
        case segment, budget
    }

    private struct Counts {
        var waits: [Wait: (count: UInt64, nanoseconds: UInt64)] = [:]
        var errors: [WALError.Code: UInt64] = [:]
    }

    private let counts = Monitor(Counts())
    private let syncWaits = Atomic<UInt64>(0)
    private let syncWaitNanoseconds = Atomic<UInt64>(0)

    func count(_ wait: Wait, _ duration: Duration) {
        counts.withLock { counts in
            let known = counts.waits[wait] ?? (0, 0)
            counts.waits[wait] = (known.count + 1, known.nanoseconds + duration.nanoseconds)
        }
    }

    func count(_ error: WALError) {
        counts.withLock { $0.errors[error.code, default: 0] += 1 }
    }

    /// Counts a wait for a sync. Concurrent waiters end at the same time, so this takes no lock.
    func countSyncWait(since start: ContinuousClock.Instant) {
        syncWaits.wrappingAdd(1, ordering: .relaxed)
        syncWaitNanoseconds.wrappingAdd((ContinuousClock.now - start).nanoseconds, ordering: .relaxed)
    }

    var waits: [LogStatus.Wait] {
        let known = counts.withLock { $0.waits }
        return Wait.allCases.map {
            LogStatus.Wait(
                reason: $0.rawValue, count: known[$0]?.count ?? 0, nanoseconds: known[$0]?.nanoseconds ?? 0)
        } + [
            LogStatus.Wait(
                reason: "sync", count: syncWaits.load(ordering: .relaxed),
                nanoseconds: syncWaitNanoseconds.load(ordering: .relaxed))
        ]
    }

    var errors: [LogStatus.ErrorCount] {
        counts.withLock { $0.errors }.map { LogStatus.ErrorCount(code: $0.key.description, count: $0.value) }
            .sorted { $0.code < $1.code }
    }
}
