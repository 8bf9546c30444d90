/// Counts of the appends that waited for a segment, or failed. An append that does neither isn't counted.
final class AppendCounters: Sendable {
    /// The cause of an append's wait.
    enum Wait: String, CaseIterable {
        case segment, budget
    }

    private struct Counts {
        var waits: [Wait: (count: UInt64, nanoseconds: UInt64)] = [:]
        var errors: [WALError.Code: UInt64] = [:]
    }

    private let counts = Monitor(Counts())

    func count(_ wait: Wait, _ duration: Duration) {
        counts.withLock { counts in
            let known = counts.waits[wait] ?? (0, 0)
            counts.waits[wait] = (known.count + 1, known.nanoseconds + duration.nanoseconds)
        }
    }

    func count(_ error: WALError) {
        counts.withLock { $0.errors[error.code, default: 0] += 1 }
    }

    var waits: [LogStatus.Wait] {
        let known = counts.withLock { $0.waits }
        return Wait.allCases.map {
            LogStatus.Wait(
                reason: $0.rawValue, count: known[$0]?.count ?? 0, nanoseconds: known[$0]?.nanoseconds ?? 0)
        }
    }

    var errors: [LogStatus.ErrorCount] {
        counts.withLock { $0.errors }.map { LogStatus.ErrorCount(code: $0.key.description, count: $0.value) }
            .sorted { $0.code < $1.code }
    }
}
