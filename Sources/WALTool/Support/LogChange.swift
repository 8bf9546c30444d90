import WAL

/// A change to a log that no other process has open.
enum LogChange {
    /// Opens a log for writing, runs `change`, and closes the log, which makes the change durable. Throws for a damaged
    /// log without changing it; `repair` repairs such a log.
    ///
    /// - Parameter remedy: A sentence with the remedy if a program has the log open.
    static func make<Result>(
        at directory: String, remedy: String, _ change: (WriteAheadLog) throws -> Result
    ) throws -> Result {
        var configuration = WriteAheadLog.Configuration()
        configuration.damagePolicy = .strict
        let log: WriteAheadLog
        do throws(WALError) {
            log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        } catch {
            guard error.code == .locked else { throw error }
            // To open the log read-only is no remedy for a change.
            let message = error.message.replacing(", or open it read-only", with: "")
            throw ToolError(.inputOutput, "\(message) \(remedy)")
        }
        let result: Result
        do {
            result = try change(log)
        } catch {
            try? log.closeBlocking()
            throw error
        }
        try log.closeBlocking()
        return result
    }
}
