/// Has the first SIGINT or SIGTERM end a replay with the batch that the store is taking, and says so at once.
struct ReplayStop {
    private static var lookInterval: Duration { .milliseconds(50) }

    private let signal: StopSignal
    private let announcing: Task<Void, Never>

    init(storeName: String) throws(ToolError) {
        let signal = try StopSignal()
        signal.catchSignals()
        self.signal = signal
        announcing = Task {
            while signal.signalName == nil {
                do { try await Task.sleep(for: Self.lookInterval) } catch { return }
            }
            StandardError.write(
                """
                \(signal.signalName ?? "stopped"): no more is read; waiting until \(storeName) has taken the last batch. A second \
                signal ends this at once; the next run continues after that batch.

                """)
        }
    }

    /// The signal that asked, `SIGINT` or `SIGTERM`.
    var signalName: String? { signal.signalName }

    /// Signals are the process's own again.
    func end() {
        announcing.cancel()
        signal.releaseSignals()
    }
}
