internal import Logging

/// The metadata of the log's messages.
enum LogMetadata {
    static func of(_ error: WALError) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["wal.error": "\(error.code)", "wal.message": "\(error.message)"]
        if let number = error.errno { metadata["wal.errno"] = "\(number)" }
        return metadata
    }
}
