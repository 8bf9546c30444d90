internal import WAL
internal import WALTasks

extension FlowRunner {

    /// Starts the timeout of an attempt.
    func startTimeout(_ running: RunningStep) {
        guard let timeout = running.place.plan.options.timeout else { return }
        timeouts.add(at: steady.now() + timeout, while: { [weak running] in running != nil }) {
            [weak self, weak running] in
            guard let running else { return }
            Task { [weak self] in await self?.timeOut(running.task, running.place, running.attempt, timeout) }
        }
    }

    /// Journals that an attempt's time is up, and cancels the attempt. The next attempt begins after this one has
    /// returned.
    private func timeOut(_ task: LiveTask, _ step: StepPlace, _ attempt: UInt32, _ timeout: Duration) async {
        let now = clock.now()
        let error =
            "timedOut: the attempt took longer than \(timeout); raise the node's timeout, or make the step faster"
        var retryAt: Timestamp?
        let ended = try? await commit(task, isDurable: step.isDurable) { state in
            guard state.isOpen, state.isCurrent(step, attempt) else { return nil }
            retryAt = self.retryTime(state, step, attempt, now)
            return state.failure(of: step, attempt, error, retryAt: retryAt, at: now, self)
        } claim: { state in
            state.running[step.path]?.end = .timedOut(isFinal: retryAt == nil)
        } then: { state in
            // The step may have returned meanwhile, and another attempt may be running.
            let current = state.running[step.path].flatMap { $0.number == attempt ? $0 : nil }
            let ready = retryAt == nil ? self.afterFailure(&state, step, error) : []
            if case .returned? = current?.end { state.running[step.path] = nil }
            return (current, ready)
        }
        guard let (current, ready) = ended else { return }
        if let current { current.worker.cancel(job: current.job) }
        timeouts.add(at: steady.now() + .seconds(10)) { [weak self, weak task, path = step.path] in
            guard let task, task.state.withLock({ $0.running[path]?.number == attempt }) else { return }
            self?.events.ignoresCancellation(task.id, path, after: timeout + .seconds(10))
        }
        scheduler.submit(await follow(task, ready))
    }
}
