internal import Logging

/// The segments of an open log, in order, and the threads, tasks and duties that wait for a change of them.
final class SegmentCatalog: Sendable {
    let directory: Directory
    let configuration: WriteAheadLog.Configuration
    let logger: Logger?
    let markers: MarkerBoard
    let state: Monitor<CatalogState>
    let threads: LogThreads
    let maintenance: Duty
    let compression: Duty
    /// The consumers in other processes. Lock order: after all others.
    let consumers = Monitor(ConsumerPins())
    /// Serializes the removal and replacement of segment files. Lock order: before `state`. Holds a byte, because ThreadSanitizer reports
    /// accesses to an empty value as accesses to its neighbor.
    let removal = Monitor<UInt8>(0)

    init(
        _ state: CatalogState, markers: MarkerBoard, directory: Directory, configuration: WriteAheadLog.Configuration,
        logger: Logger?
    ) {
        self.state = Monitor(state)
        self.markers = markers
        self.directory = directory
        self.configuration = configuration
        self.logger = logger
        threads = .of(directory)
        maintenance = Duty(threads.maintenance)
        compression = Duty(threads.compression)
    }

    /// Returns the position up to which producers have claimed. Blocks between the claim that crosses the active segment's end and its
    /// registration: the claim's owner is about to register it.
    func waitForClaimed() -> LogPosition {
        state.wait { state in state.claimed } ?? LogPosition(sequence: 0, position: 0)
    }

    /// Wakes the threads and tasks that wait for a segment, for space, or for work.
    func changed() {
        state.notifyAll()
        maintenance.wake()
        compression.wake()
        for continuation in state.withLock({ state in state.suspended.removeAll() }) {
            continuation.resume(returning: .success(false))
        }
    }

    /// Notes that space within the disk budget may be free again, and wakes the waiters.
    func recheckBudget() {
        state.withLock { $0.pipeline.recheckBudget() }
        changed()
    }

    /// Returns the error of an append while the disk budget is used up. `size` is the log's size in bytes.
    func logFull(_ size: Int) -> WALError {
        WALError(
            .logFull,
            """
            The log's disk budget of \(configuration.diskBudget ?? 0) bytes is used up (the log has \(size) bytes), and \
            retention may not remove anything yet. Let the consumers catch up, keep less, or raise the budget.
            """, isRetriable: true)
    }

    /// Returns the next step of maintenance for the pipeline of segments, or nil if there is none. The caller
    /// holds `state`.
    func nextStep(_ state: inout CatalogState) -> SegmentPipeline.Step? {
        guard state.pipeline.hasPlace(readyMax: configuration.maxPreparedSegments) else { return nil }
        let surroundings = SegmentPipeline.Surroundings(
            readyMax: configuration.maxPreparedSegments, budget: configuration.budgetOfProducers,
            diskSize: state.diskSize, hasUnsealedEnd: state.hasUnsealedEnd)
        let unchanged = state
        return state.pipeline.next(
            surroundings, isOldestRemovable: { isOldestRemovable(unchanged, sizeMax: $0) },
            logFull: { logFull(surroundings.diskSize) })
    }

    /// Prepares a segment, a smaller one if the disk is almost full. Calls `pause` between pieces of its zeroing.
    func prepare(_ number: UInt64, capacity: Int, least: Int, logID: LogID, pause: () -> Void) {
        func make(_ capacity: Int) throws(WALError) -> PreparedSegment {
            try PreparedSegment.make(
                in: directory, number: number, logID: logID, capacity: capacity, policy: configuration.syncPolicy,
                pause: pause)
        }
        let fitting = SegmentPipeline.capacity(capacity, least: least, free: directory.space?.free)
        var isCut = false
        let result = Result { () throws(WALError) in
            try directory.requireInPlace()
            do throws(WALError) {
                do throws(WALError) { return try make(fitting) } catch {
                    // A quota, or a limit of the process, may leave less than the file system has.
                    guard error.code == .diskFull, fitting > least else { throw error }
                    isCut = true
                    return try make(least)
                }
            } catch {
                try directory.requireInPlace()
                throw error
            }
        }
        state.withLock { state in
            switch result {
            case .success(let prepared): state.pipeline.add(prepared, isCut: isCut)
            case .failure(let error): state.pipeline.fail(error)
            }
        }
        changed()
    }

    /// Removes old segments to make space for a new one.
    func freeSpace(sizeMax: Int) {
        do throws(WALError) {
            try removeOldSegments(sizeMax: sizeMax)
        } catch {
            state.withLock { $0.pipeline.fail(error) }
            changed()
        }
    }
}
