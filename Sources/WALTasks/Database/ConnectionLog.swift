package import Logging
internal import WAL

/// The log of a store's connections. It reports failures, at a decreasing rate while they last, and the first success
/// after them.
package final class ConnectionLog: Sendable {
    private let logger: Logger?
    private let start = ContinuousClock.now
    private let pacer = Monitor(StateLogPacer())

    package init(_ logger: Logger?, store: String) {
        var logger = logger
        logger?[metadataKey: "wal.sink"] = "\(store)"
        self.logger = logger
    }

    /// Reports that a connection was made.
    package func connected() {
        report(nil)
    }

    /// Reports that a connection can't be made. The server is unavailable, refuses it, or has another schema.
    package func failed(_ error: any Error) {
        report(error)
    }

    /// Reports that a connection was lost and that another one is about to be made.
    package func lost() {
        logger?.info("a connection to the store is lost; the next call makes another")
    }

    /// Reports that a connection is given up because the database lacked something. Another connection may find it.
    package func givenUp(after error: StoreError) {
        logger?.info(
            """
            a statement doesn't fit the store, such as for a missing table, column or right; the next call makes another \
            connection
            """,
            metadata: ["wal.error": "\(error)"])
    }

    private func report(_ error: (any Error)?) {
        guard let logger else { return }
        let line = pacer.withLock { pacer in
            pacer.line(isOn: error != nil, at: ContinuousClock.now - start)
        }
        line?.log(
            to: logger, began: "no connection to the store can be made; each call tries again",
            lasts: "still no connection to the store can be made", ended: "a connection to the store is made again",
            metadata: error.map { ["wal.error": "\($0)"] } ?? [:])
    }
}
