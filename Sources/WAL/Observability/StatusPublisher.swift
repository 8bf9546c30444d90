internal import Logging

/// Publishes a log's status in its directory. The duty of maintenance owns the publisher.
struct StatusPublisher {
    private let directory: Directory
    private let logger: Logger?
    private let start = ContinuousClock.now
    private var file: StatusFile?
    private var pacer = StateLogPacer()

    init(_ directory: Directory, _ logger: Logger?) {
        self.directory = directory
        self.logger = logger
    }

    /// Writes a status. A failure is logged, and the next call tries again.
    mutating func publish(_ status: LogStatus) {
        var failure: WALError?
        do throws(WALError) {
            let file = if let file { file } else { try StatusFile(in: directory) }
            self.file = file
            try file.replace(with: status.fitting(StatusFile.textSizeMax))
        } catch {
            file = nil
            failure = error
        }
        guard let line = pacer.line(isOn: failure != nil, at: ContinuousClock.now - start), let logger else { return }
        line.log(
            to: logger, began: "the log's status can't be published",
            lasts: "the log's status still can't be published",
            ended: "the log's status is published again", metadata: failure.map(LogMetadata.of) ?? [:])
    }
}

extension LogStatus {
    /// Returns the text, without the last cursors and sinks if it is too long otherwise.
    fileprivate func fitting(_ size: Int) -> [UInt8] {
        var text = json
        var status = self
        while text.count > size, !status.cursors.isEmpty || !status.sinks.isEmpty {
            status.isTruncated = true
            status.cursors.removeLast((status.cursors.count + 1) / 2)
            if status.cursors.isEmpty { status.sinks.removeLast((status.sinks.count + 1) / 2) }
            text = status.json
        }
        return text
    }
}
