internal import Logging

/// The duty that keeps segments ready, applies retention and the disk budget, and reports.
struct MaintenanceDuty {
    /// The interval between two checks of retention when nothing else happens.
    private static let retentionInterval: Duration = .seconds(1)

    /// The number of segments that one turn removes. Each removal takes a sync of the directory.
    private static let removalsMax = 16

    private enum Work {
        case pipeline(SegmentPipeline.Step)
        /// The active segment should have ended with this record.
        case rollAfter(sequence: UInt64)
        /// The time of a check has come.
        case check
    }

    private let engine: Engine
    private var catalog: SegmentCatalog { engine.catalog }
    private var nextRetention = ContinuousClock.now
    private var reporter: EngineReporter
    private var publisher: StatusPublisher?
    private var hasBegun = false

    init(_ engine: Engine) {
        self.engine = engine
        reporter = EngineReporter(engine)
        publisher = engine.configuration.publishesStatus ? StatusPublisher(engine.directory, engine.logger) : nil
    }

    /// Does the work that is due next.
    mutating func turn() -> Duty.Next {
        if !hasBegun { begin() }
        let (due, time) = nextWork()
        guard let due else { return .wait(until: time) }
        switch due {
        case .pipeline(.make(let number, let capacity, let least)):
            catalog.prepare(
                number, capacity: capacity, least: least, logID: engine.logID, pause: pauseUnlessInDemand)
        case .pipeline(.freeSpace(let sizeMax)): catalog.freeSpace(sizeMax: sizeMax)
        case .pipeline(.refreshConsumers): catalog.refreshConsumers()
        case .pipeline(.failWaitersOverBudget), .check: catalog.changed()
        case .rollAfter(let sequence): engine.appender.rollAfter(sequence)
        }
        reporter.report()
        // Under load there is always other work.
        if ContinuousClock.now >= nextRetention { applyRetention() }
        return .again
    }

    private mutating func begin() {
        hasBegun = true
        engine.releaseUnused()
        if publisher != nil {
            let status = engine.status()
            publisher?.publish(status)
        }
        nextRetention = .now + Self.retentionInterval
    }

    /// Returns the work that is due, and the time of the next check. There is none once the log closes.
    private func nextWork() -> (Work?, ContinuousClock.Instant?) {
        catalog.state.withLock { state in
            let time = state.deadline(before: nextRetention)
            let isDue = time <= .now
            switch state.phase {
            case .open: break
            // A poisoned log can still be drained, and its drained segments removed.
            case .poisoned: return (isDue ? .check : nil, time)
            case .closing, .closed: return (nil, nil)
            }
            if let sequence = state.dueEnd { return (.rollAfter(sequence: sequence), time) }
            if let step = catalog.nextStep(&state) { return (.pipeline(step), time) }
            return (isDue ? .check : nil, time)
        }
    }

    private mutating func applyRetention() {
        nextRetention = .now + Self.retentionInterval
        if catalog.state.withLock({ $0.phase.isPoisoned }) { engine.commit.recoverFromPoisoning() }
        // The rest follows after the turns of other logs.
        if !engine.applyRetention(countMax: Self.removalsMax) { nextRetention = .now }
        catalog.state.withLock { state in
            state.pipeline.retryIfDue(isWithoutSegment: state.isWithoutSegment)
        }
        guard engine.metrics != nil || publisher != nil else { return }
        let status = engine.status()
        engine.metrics?.record(status)
        publisher?.publish(status)
    }

    /// While another segment is ready, pauses between pieces so that producers get the processor and memory bandwidth.
    ///
    /// With this, a thread reached 0.64 of a C loop's records a second over three segments instead of 0.50, and no less
    /// over 1 GiB. A longer pause, until half of the last segment is used, gains nothing in a burst and costs 8 % over
    /// 1 GiB.
    private func pauseUnlessInDemand() {
        let isInDemand = catalog.state.withLock { state in
            state.pipeline.ready.isEmpty || state.pipeline.isDemanded || state.phase.isClosing
        }
        if !isInDemand, !catalog.threads.maintenance.isCrowded { NamedThread.sleep(.milliseconds(1)) }
    }
}

extension Engine {
    /// Frees the disk space that recovery has set aside.
    func releaseUnused() {
        do throws(WALError) { try unused.release() } catch {
            // An uncut segment is still valid.
            logger?.warning("a segment could not be cut after its footer", metadata: LogMetadata.of(error))
        }
    }

    /// Removes the segments that the retention rule no longer keeps, `countMax` at most. Returns false if there are more. If a removal
    /// fails, maintenance tries again in a second.
    @discardableResult
    func applyRetention(countMax: Int = .max) -> Bool {
        if let jump = clockWatch.withLock({ $0.jump(time: .now, at: .now) }) {
            logger?.warning(
                "the system's clock jumped; record times follow it, and retention doesn't use them",
                metadata: ["wal.message": "by \(jump)"])
        }
        var isComplete = true
        do throws(WALError) {
            isComplete = try catalog.removeOldSegments(countMax: countMax)
        } catch {
            logger?.warning("a segment could not be removed", metadata: LogMetadata.of(error))
        }
        for change in catalog.consumers.withLock({ $0.takeChanges() }) { report(change) }
        return isComplete
    }

    private func report(_ change: ConsumerPins.Change) {
        var metadata: Logger.Metadata = [
            "wal.consumer": "\(change.name)", "wal.position": "\(change.position)",
            "wal.lag.bytes": "\(change.pinnedBytes)",
        ]
        switch change.kind {
        case .kept: logger?.notice("records are kept for a consumer again", metadata: metadata)
        case .released(let release):
            metadata["wal.message"] = "\(release.rawValue)"
            logger?.warning("records are no longer kept for a consumer", metadata: metadata)
            metrics?.recordRelease(release.rawValue)
        case .fault(let message):
            metadata["wal.message"] = "\(message)"
            logger?.warning("a consumer's file can't be used, so its last position counts", metadata: metadata)
        case .folderFault(let message):
            logger?.warning(
                "the folder of consumers can't be read, so their last positions count",
                metadata: ["wal.message": "\(message)"])
        }
    }
}
