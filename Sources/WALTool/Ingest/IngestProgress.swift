import WAL

/// The counts that the ingesting thread reports to other threads.
final class IngestProgress: Sendable {
    private let counts = Monitor(IngestCounts())

    func report(_ counts: IngestCounts) {
        self.counts.withLock { $0 = counts }
    }

    /// Shows the progress on standard error until the task is canceled. Does nothing if standard error isn't a
    /// terminal.
    func show(applied: @Sendable () -> UInt64) async {
        guard StandardError.isTerminal else { return }
        let clock = ContinuousClock()
        let start = clock.now
        while (try? await clock.sleep(for: .milliseconds(200))) != nil {
            let counts = self.counts.withLock { $0 }
            let seconds = start.duration(to: clock.now) / .seconds(1)
            let rate = Int(Double(counts.lines) / max(seconds, 0.001))
            StandardError.write(
                "\r\u{1B}[K\(counts.linesBefore + counts.lines) lines, \(rate)/s, applied to \(applied())")
        }
        StandardError.write("\r\u{1B}[K")
    }
}
