internal import Synchronization
internal import WAL

/// The thread that reads undelivered mutations from the log into an ``OverlayIndex``. These are the mutations that an
/// earlier process left, and those that memory has no space for.
///
/// Changes don't wait for it. A query waits until the index covers its range, or searches the log itself.
final class OverlayIndexer: Sendable {
    private struct State {
        var isWanted: Bool
        var isStopped = false
        var isEnded = false
        var failure: WALError?
    }

    /// The number of records that are read before they can be looked up.
    private static let stepCount = 4096

    let index: OverlayIndex
    private let log: WriteAheadLog
    private let hasher: TaskIDHasher
    private let failed: @Sendable (WALError) -> Void
    private let applied: @Sendable () -> SequenceNumber
    private let state: Monitor<State>
    /// Separate from `state`, because it is read with each mutation that memory has no space for.
    private let isWanted: Atomic<Bool>

    /// Makes an indexer, which begins at once if `index` ends before the log does.
    init(
        _ index: OverlayIndex, of log: WriteAheadLog, hasher: TaskIDHasher,
        failed: @escaping @Sendable (WALError) -> Void, applied: @escaping @Sendable () -> SequenceNumber
    ) throws(WALError) {
        self.index = index
        self.log = log
        self.hasher = hasher
        self.failed = failed
        self.applied = applied
        let isWanted = index.end < log.lastSequence.rawValue
        self.isWanted = Atomic(isWanted)
        state = Monitor(State(isWanted: isWanted))
        try NamedThread.start("wal-overlay") { [self] in run() }
    }

    /// The error that prevented reading the log, if any.
    var failure: WALError? { state.withLock { $0.failure } }

    /// Starts adding the log's records if `sequence` isn't indexed yet. Doesn't wait.
    func wake(for sequence: UInt64) {
        guard index.end < sequence,
            isWanted.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else { return }
        state.withLock { $0.isWanted = true }
        state.notifyAll()
    }

    /// Suspends until every record up to and including `sequence` is indexed, the indexer has failed or stopped, or
    /// `time` has passed.
    func wait(for sequence: UInt64, atMost time: Duration) async {
        wake(for: sequence)
        let deadline = ContinuousClock.now + time
        while index.end < sequence, canGoOn, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Stops the thread, and blocks until it has ended.
    func stop() {
        state.withLock { $0.isStopped = true }
        state.notifyAll()
        _ = state.wait { $0.isEnded ? true : nil }
    }

    private var canGoOn: Bool { state.withLock { !$0.isStopped && $0.failure == nil } }
    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func run() {
        while state.wait({ $0.isStopped ? false : $0.isWanted ? true : nil }) == true {
            state.withLock { $0.isWanted = false }
            isWanted.store(false, ordering: .releasing)
            do throws(WALError) {
                try extend(through: log.lastSequence.rawValue)
            } catch {
                let isFirst = state.withLock { state in
                    defer { state.failure = error }
                    return state.failure == nil
                }
                if isFirst { failed(error) }
            }
        }
        state.withLock { $0.isEnded = true }
        state.notifyAll()
    }

    private func extend(through last: UInt64) throws(WALError) {
        let search = OverlaySearch(log: log)
        while !isStopped {
            index.release(through: applied().rawValue)
            let first = index.end + 1
            guard first <= last else { return }
            let step = first...min(last, first + UInt64(Self.stepCount) - 1)
            var places: [(hash: UInt32, place: OverlayPlace)] = []
            places.reserveCapacity(Self.stepCount)
            let reached = try search.scan(step) { sequence, payload in
                guard let outline = TaskCodec.outline(of: payload) else { return }
                let hash = outline.id.map { hasher.hash(payload.extracting($0)) }
                places.append(
                    (
                        hash.map(OverlayKey.hash) ?? OverlayKey.barrierHash,
                        OverlayPlace(sequence: sequence.rawValue, kind: outline.kind)
                    ))
            }
            guard reached >= first else { return }
            index.add(places, through: min(reached, step.upperBound))
        }
    }
}
