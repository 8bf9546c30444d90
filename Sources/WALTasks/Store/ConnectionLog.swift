package import Logging
internal import WAL

/// Logs that a store can't be reached, once and ever more rarely, and that it can be again. For all connections of a store.
package final class ConnectionLog: Sendable {
    private let logger: Logger?
    private let start = ContinuousClock.now
    private let pacer = Monitor(StateLogPacer())

    package init(_ logger: Logger?, store: String) {
        var logger = logger
        logger?[metadataKey: "wal.sink"] = "\(store)"
        self.logger = logger
    }

    /// A connection was made.
    package func connected() {
        report(nil)
    }

    /// A connection can't be made.
    package func failed(_ error: any Error) {
        report(error)
    }

    /// A connection that was there is gone, and another is about to be made.
    package func lost() {
        logger?.info("a connection to the store is lost; the next call makes another")
    }

    private func report(_ error: (any Error)?) {
        guard let logger else { return }
        let line = pacer.withLock { pacer in
            pacer.line(isOn: error != nil, at: ContinuousClock.now - start)
        }
        var metadata: Logger.Metadata = [:]
        if let error { metadata["wal.error"] = "\(error)" }
        switch line {
        case .began: logger.warning("the store can't be reached; each call tries it again", metadata: metadata)
        case .lasts(let duration):
            metadata["wal.duration"] = "\(duration)"
            logger.warning("the store still can't be reached", metadata: metadata)
        case .ended(let duration):
            metadata["wal.duration"] = "\(duration)"
            logger.notice("the store can be reached again", metadata: metadata)
        case nil: break
        }
    }
}
