internal import Logging

/// The log messages of a buffered storage itself. Its log and its flusher have their own.
struct BufferLog: Sendable {
    private enum Key {
        static let store = "wal.sink"
        static let count = "wal.count"
        static let duration = "wal.duration"
        static let error = "wal.error"
    }

    private let logger: Logger?

    init(_ logger: Logger?, store: String) {
        var logger = logger
        logger?[metadataKey: Key.store] = "\(store)"
        self.logger = logger
    }

    func opened(remaining: UInt64, in duration: Duration) {
        logger?.info(
            "opened the task buffer", metadata: [Key.count: "\(remaining)", Key.duration: "\(duration)"])
    }

    func deliveryHasEnded(_ failure: BufferLife.Failure, for duration: Duration, remaining: UInt64) {
        logger?.error(
            "delivery has ended; changes stay in the log until a start that can deliver them",
            metadata: [
                Key.store: "\(failure.name)", Key.count: "\(remaining)", Key.duration: "\(duration)",
                Key.error: "\(failure.error)",
            ])
    }

    func closed(remaining: UInt64, in duration: Duration) {
        guard let logger else { return }
        let metadata: Logger.Metadata = [Key.count: "\(remaining)", Key.duration: "\(duration)"]
        if remaining == 0 {
            logger.info("closed the task buffer; every change is delivered", metadata: metadata)
        } else {
            logger.warning(
                "closed the task buffer; records stay in the log, and the next start delivers them", metadata: metadata)
        }
    }

    func storeHangs() {
        logger?.warning("the store didn't answer in time; the storage closes without waiting for its calls")
    }

    func storeNotClosed(_ error: any Error) {
        logger?.warning("the store wasn't closed", metadata: [Key.error: "\(error)"])
    }

    func cursorNotKept(_ error: any Error) {
        logger?.warning(
            "the log had no space for the store's position; the next start asks the store",
            metadata: [Key.error: "\(error)"])
    }
}
