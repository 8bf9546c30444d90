internal import Logging

/// Logs the problems that keep a log from making segments or from accepting records: when a problem begins, while it
/// lasts, and when it ends. The duty of maintenance owns the reporter.
struct EngineReporter {
    private enum Trouble: CaseIterable {
        case diskFull, budgetUsedUp, otherFailure, poisoned

        /// Returns the kind of problem for an error in making the next segment.
        static func of(_ error: WALError) -> Trouble {
            switch error.code {
            case .diskFull: .diskFull
            case .logFull: .budgetUsedUp
            default: .otherFailure
            }
        }
    }

    private let engine: Engine
    private let start = ContinuousClock.now
    private var pacers: [Trouble: StateLogPacer] = [:]

    init(_ engine: Engine) {
        self.engine = engine
    }

    /// Checks the engine's state, and logs the messages that are due.
    mutating func report() {
        guard engine.logger != nil else { return }
        var troubles: [Trouble: WALError] = [:]
        engine.catalog.state.withLock { state in
            if case .poisoned(let cause) = state.phase { troubles[.poisoned] = cause }
            if let obstacle = state.pipeline.obstacle { troubles[.of(obstacle)] = obstacle }
        }
        let now = ContinuousClock.now - start
        for trouble in Trouble.allCases {
            let line = pacers[trouble, default: StateLogPacer()].line(isOn: troubles[trouble] != nil, at: now)
            if let line { log(line, trouble, troubles[trouble]) }
        }
    }

    private func log(_ line: StateLogPacer.Line, _ trouble: Trouble, _ error: WALError?) {
        let logger = engine.logger
        var metadata = error.map(LogMetadata.of) ?? [:]
        let statistics = engine.statistics
        let last = statistics.lastSequence.rawValue
        metadata["wal.not_durable"] = "\(last - min(statistics.durableSequence.rawValue, last))"
        metadata["wal.disk.bytes"] = "\(statistics.diskBytes)"
        switch line {
        case .began: break
        case .lasts(let duration), .ended(let duration): metadata["wal.duration"] = "\(duration)"
        }
        switch (trouble, line) {
        case (.diskFull, .began):
            logger?.warning("no segment could be prepared: the disk is full", metadata: metadata)
        case (.diskFull, .lasts):
            logger?.warning("the disk is still full", metadata: metadata)
        case (.diskFull, .ended):
            logger?.notice("the disk has space again", metadata: metadata)
        case (.budgetUsedUp, .began):
            logger?.warning("no segment could be prepared: the disk budget is used up", metadata: metadata)
        case (.budgetUsedUp, .lasts):
            logger?.warning("the disk budget is still used up", metadata: metadata)
        case (.budgetUsedUp, .ended):
            logger?.notice("the disk budget has room again", metadata: metadata)
        case (.otherFailure, .began):
            logger?.warning("no segment could be prepared", metadata: metadata)
        case (.otherFailure, .lasts):
            logger?.warning("still no segment can be prepared", metadata: metadata)
        case (.otherFailure, .ended):
            logger?.notice("segments can be prepared again", metadata: metadata)
        // The thread that poisoned the log has logged this immediately.
        case (.poisoned, .began): break
        case (.poisoned, .lasts):
            logger?.error("appends are still suspended", metadata: metadata)
        case (.poisoned, .ended):
            logger?.notice("appends resumed", metadata: metadata)
        }
    }
}
