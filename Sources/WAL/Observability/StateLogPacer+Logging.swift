package import Logging

extension StateLogPacer.Line {
    /// Logs a warning while the state lasts and a notice when it ends, with the duration so far.
    package func log(
        to logger: Logger, began: Logger.Message, lasts: Logger.Message, ended: Logger.Message,
        metadata: Logger.Metadata
    ) {
        var metadata = metadata
        switch self {
        case .began: logger.warning(began, metadata: metadata)
        case .lasts(let duration):
            metadata["wal.duration"] = "\(duration)"
            logger.warning(lasts, metadata: metadata)
        case .ended(let duration):
            metadata["wal.duration"] = "\(duration)"
            logger.notice(ended, metadata: metadata)
        }
    }
}
