internal import Logging
internal import WAL

/// The log messages of a runner.
struct FlowLog: Sendable {
    private enum Key {
        static let count = "wal.count"
        static let duration = "wal.duration"
        static let error = "wal.error"
        static let task = "wal.task"
        static let tasks = "wal.tasks"
        static let path = "wal.path"
    }

    private let logger: Logger?

    init(_ logger: Logger?) {
        self.logger = logger
    }

    func opened(live: Int, orphaned: Int, in duration: Duration) {
        logger?.info(
            "opened the flows",
            metadata: [Key.count: "\(live)", Key.duration: "\(duration)"])
        if orphaned > 0 {
            logger?.error(
                "the log has lost the beginnings of tasks; their records are left alone",
                metadata: [Key.count: "\(orphaned)"])
        }
    }

    /// Logs up to five parked tasks with the reasons.
    func parked(_ tasks: [LiveTask]) {
        guard let logger, !tasks.isEmpty else { return }
        let named = tasks.sorted { $0.id < $1.id }.prefix(5).map { task in
            let (dag, reason) = task.state.withLock { ($0.beginning?.dag ?? "", $0.parked ?? "") }
            return "\(task.id) of \(dag): \(TaskView.remedy(parked: reason))"
        }
        logger.warning(
            "tasks are parked, and don't continue; `wal flow stuck` lists them all with their reasons",
            metadata: [Key.count: "\(tasks.count)", Key.tasks: "\(named.joined(separator: "; "))"])
    }

    func closed(_ live: Int) {
        let next = live == 0 ? "" : "; the next start resumes the live tasks"
        logger?.info("closed the flows\(next)", metadata: [Key.count: "\(live)"])
    }

    func halted(_ error: FlowError) {
        logger?.error(
            "the journal failed, so no step continues; open the storage again", metadata: [Key.error: "\(error)"])
    }

    func journalWaits(_ error: any Error, for duration: Duration) {
        logger?.warning(
            "the log takes no records; steps wait", metadata: [Key.error: "\(error)", Key.duration: "\(duration)"])
    }

    func journalGoesOn(after duration: Duration) {
        logger?.info("the log takes records again; steps continue", metadata: [Key.duration: "\(duration)"])
    }

    func ignoresCancellation(_ task: String, _ path: String, after duration: Duration) {
        logger?.warning(
            "a step's time is up, and it hasn't returned; it keeps its place until it does",
            metadata: [Key.task: "\(task)", Key.path: "\(path)", Key.duration: "\(duration)"])
    }

    func callbackFailed(_ task: String, _ error: any Error) {
        logger?.warning(
            "the final callback threw an error; it is called again",
            metadata: [Key.task: "\(task)", Key.error: "\(error)"])
    }

    func gap(_ gap: LogGap) {
        logger?.warning(
            "the log has lost records, among which may be steps' results; those steps run again",
            metadata: [Key.error: "\(gap)"])
    }
}
