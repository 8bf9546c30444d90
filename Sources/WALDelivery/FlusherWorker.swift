internal import WAL

/// One worker of a flusher. It reads the durable log, takes the records of its lanes, and delivers them batch by
/// batch.
///
/// All its lanes move to each batch's position together. So the applied records of each lane are always a prefix of
/// the log, and a different number of workers can resume from any set of positions.
struct FlusherWorker<Destination: Sink> {
    private enum Turn {
        case proceed
        /// The sink's positions have changed unexpectedly. Read again from the frontier.
        case rewind
        /// The positions that the other workers know are wrong, too. Claim all lanes again.
        case restart
    }

    /// The longest time that a position may stay in memory alone. Idle lanes must not pin the log, which may be at
    /// its disk budget, and must not cause needless transactions.
    static var settleInterval: Duration { .seconds(1) }

    let index: Int
    let context: FlusherCore<Destination>
    private(set) var lanes: OwnedLanes
    private var assembler: BatchAssembler
    /// The result of reading ahead while the sink applied the last batch; nil if the worker hasn't read ahead.
    private var readAhead: Result<BatchAssembler.Step, WALError>?
    private var sizer: BatchSizer
    private var backoff = Backoff(generator: SystemRandomNumberGenerator())
    private var settleTime: Duration?
    /// The time of the next check of the sink's positions; nil after a batch, which has shown them.
    private var checkTime: Duration?
    /// The number of transient failures at the same step.
    private var failuresOfStep = 0
    private var losses: LossCounter
    /// The number of times in a row that a record alone overloaded the sink.
    private var overloadsByOne = 0

    /// The number of transient failures after which a step is halved, because it may exceed the sink's limits of time
    /// or memory.
    static var failuresBeforeHalving: Int { 5 }

    init(index: Int, context: FlusherCore<Destination>, lanes: OwnedLanes) {
        self.index = index
        self.context = context
        self.lanes = lanes
        let configuration = context.configuration
        sizer = BatchSizer(
            size: configuration.batchSize, sizeMax: configuration.maxBatchSize,
            target: configuration.batchLatencyTarget)
        losses = LossCounter(maxLosses: configuration.maxLosses)
        assembler = BatchAssembler(
            laneCount: configuration.laneCount, sizeMax: sizer.size, bytesMax: configuration.maxBatchBytes)
    }

    /// Works until an error ends it, and throws that error. Returns if all lanes must be claimed again, such as after
    /// the sink has lost data that it had confirmed.
    mutating func run() async throws(WALError) {
        while true {
            try context.requireRecords(of: &lanes)
            await context.removeLetters(comingAgainIn: lanes)
            let reader = context.log.reader(from: lanes.scannedMin.next, visibility: .durable)
            assembler.restart(after: lanes.scannedMin)
            readAhead = nil
            var turn = Turn.proceed
            while turn == .proceed {
                turn = try await takeTurn(reader)
            }
            if turn == .restart { return }
            context.events.positionsChanged(worker: index, to: lanes.scannedMin)
        }
    }

    private mutating func takeTurn(_ reader: LogReader) async throws(WALError) -> Turn {
        if Task.isCancelled { throw .waitCancelled }
        switch try nextStep(reader) {
        case .full:
            return try await deliver(assembler.cut(), reading: reader)
        case .barrier:
            let turn = try await deliver(assembler.cut())
            if turn != .proceed { return turn }
            return try await passBarrier()
        case .more:
            assembler.reached(SequenceNumber(rawValue: reader.nextSequence.rawValue - 1))
            return try await assembler.isEmpty ? idle(reader) : linger(reader)
        }
    }

    /// Returns the result of reading ahead, or reads more records.
    private mutating func nextStep(_ reader: LogReader) throws(WALError) -> BatchAssembler.Step {
        defer { readAhead = nil }
        guard let step = try readAhead?.get(), step != .more else { return try fill(from: reader) }
        return step
    }

    /// Reads until the batch must be cut. Returns `more` once there are no more durable records.
    private mutating func fill(from reader: LogReader) throws(WALError) -> BatchAssembler.Step {
        assembler.sizeMax = sizer.size
        let key = context.key
        let context = context
        // A copy of its own: through `self`, each record would retain its arrays.
        let lanes = lanes
        while true {
            let step = try reader.next { record in
                assembler.offer(record, hash: key(record.payload), for: lanes)
            } gap: { gap in
                context.passed(gap)
                return .more
            }
            guard let step else { return .more }
            if step != .more { return step }
        }
    }

    // MARK: Waiting

    /// Waits for records to fill the batch, for no longer than its oldest record may wait.
    private mutating func linger(_ reader: LogReader) async throws(WALError) -> Turn {
        guard let oldest = assembler.first else { return .proceed }
        let interval = context.configuration.flushInterval
        let age = Duration.microseconds(Timestamp.now.rawValue - oldest.time.rawValue)
        // A writer's clock that was set back must not extend the wait.
        let now = context.clock.now()
        let deadline = now + interval - min(max(age, .zero), interval)
        if deadline <= now { return try await deliver(assembler.cut()) }
        let wake = try await context.waitForFirst(of: [
            .records(LentReader(reader: reader)), .time(deadline), .condition(.urgent(oldest.sequence)),
        ])
        if case .records = wake { return .proceed }
        return try await deliver(assembler.cut())
    }

    /// Moves the position in memory when there is no record to deliver, writes it into the sink at intervals, asks the
    /// sink for its positions at longer ones, and waits.
    private mutating func idle(_ reader: LogReader) async throws(WALError) -> Turn {
        let batch = assembler.cut()
        lanes.passed(to: batch.position)
        publish()
        context.moveCursor()
        let committed = lanes.committed
        let now = context.clock.now()
        if committed == lanes.scannedMin {
            settleTime = nil
        } else if settleTime == nil {
            settleTime = now + Self.settleInterval
        }
        let isWanted = context.coordinator.withState { $0.isSatisfied(.committing(beyond: committed)) }
        if let settleTime, isWanted || settleTime <= now {
            return try await apply(Delivery(records: [], position: lanes.scannedMin))
        }
        let dueTime = checkTime ?? now + context.configuration.checkInterval
        if dueTime <= now { return try await check() }
        checkTime = dueTime
        let cursorTime = context.coordinator.withState { $0.cursor.dueTime(for: $0.committed) }
        var wakes: [FlusherWake] = [.records(LentReader(reader: reader))]
        if settleTime != nil { wakes.append(.condition(.committing(beyond: committed))) }
        if let time = [settleTime, cursorTime, dueTime].compactMap(\.self).min() { wakes.append(.time(time)) }
        try await context.waitForFirst(of: wakes)
        return .proceed
    }

    /// Checks whether the sink still has what it has confirmed. While there is nothing to deliver, no batch shows a
    /// loss, and readers of the sink would miss rows.
    private mutating func check() async throws(WALError) -> Turn {
        checkTime = context.clock.now() + context.configuration.checkInterval
        // An unavailable sink is tried at the breaker's pace, by the worker whose call failed.
        guard context.coordinator.withState({ $0.breaker.state == .closed }) else { return .proceed }
        let found: [SinkLane]?
        do {
            found = try await context.sink.positions(of: lanes.range, log: context.log.id)
        } catch {
            try context.checkFailed(error, worker: index)
            return .proceed
        }
        guard let found else { return .proceed }
        if lanes.areClaimed(in: found) { throw .fenced(context.sink.name) }
        guard let loss = lanes.lost(in: found) else { return .proceed }
        context.lostClaim(loss.known, loss.found)
        return .restart
    }

    // MARK: Delivering

    /// Waits until all workers have delivered the records before the barrier. Then the owner of lane 0 applies the
    /// barrier and moves the lanes of all workers with it, in one transaction.
    ///
    /// So each lane's position shows whether the sink has the barrier. A sink that has lost an earlier record of any
    /// lane refuses the barrier. A worker that doesn't know of a loss can't deliver past it.
    private mutating func passBarrier() async throws(WALError) -> Turn {
        guard let barrier = assembler.barrier else { return .proceed }
        if lanes.range.contains(0) {
            try await context.coordinator.wait(for: .arrived(barrier.sequence))
            let owned = lanes.range
            let all = context.coordinator.withState { $0.allLanes(at: barrier.sequence, with: lanes) }
            if let all { lanes = all }
            let turn = try await apply(Delivery(records: [barrier], position: barrier.sequence))
            // The workers that wait know their lanes from before.
            if turn != .proceed { return .restart }
            lanes = lanes.part(owned)
        } else {
            context.coordinator.update { $0.arrived(index, at: barrier.sequence, with: lanes) }
            try await context.coordinator.wait(for: .laneZero(barrier.sequence))
            if let moved = context.coordinator.withState({ $0.left(index) }) { lanes = moved }
            lanes.passed(to: barrier.sequence)
            publish()
        }
        assembler.passBarrier()
        return .proceed
    }

    /// Applies a batch. With a reader, the next batch is read meanwhile.
    private mutating func deliver(_ batch: Delivery, reading reader: LogReader? = nil) async throws(WALError) -> Turn {
        if batch.records.isEmpty {
            lanes.passed(to: batch.position)
            publish()
            return .proceed
        }
        return try await apply(batch, reading: reader)
    }

    private mutating func apply(_ wanted: Delivery, reading reader: LogReader? = nil) async throws(WALError) -> Turn {
        var delivery = wanted
        while let step = delivery.step {
            try await context.waitForPermission(index)
            let batch = SinkBatch(
                log: context.log.id, laneCount: context.configuration.laneCount,
                lanes: lanes.listed(movingTo: step.position), position: step.position,
                records: delivery.records(of: step))
            let (result, duration) = await attempt(batch, reading: reader)
            switch result {
            case .success(let receipt):
                succeeded(batch, receipt, duration: duration)
                delivery.succeeded()
            case .failure(let error):
                let turn = try await recover(from: error, after: duration, step: step, delivery: &delivery)
                if turn != .proceed { return turn }
            }
        }
        return .proceed
    }

    /// Lets the sink apply a batch. With a reader, reads the next batch meanwhile, once.
    private mutating func attempt(
        _ batch: SinkBatch, reading reader: LogReader?
    ) async -> (result: Result<SinkReceipt, any Error>, duration: Duration) {
        let context = context
        guard let reader, readAhead == nil else { return await Self.attempt(batch, context) }
        async let outcome = Self.attempt(batch, context)
        readAhead = Result { () throws(WALError) in try fill(from: reader) }
        return await outcome
    }

    private static func attempt(
        _ batch: SinkBatch, _ context: FlusherCore<Destination>
    ) async -> (result: Result<SinkReceipt, any Error>, duration: Duration) {
        let start = context.clock.now()
        let result: Result<SinkReceipt, any Error>
        do { result = .success(try await context.sink.apply(batch)) } catch { result = .failure(error) }
        return (result, context.clock.now() - start)
    }

    private mutating func succeeded(_ batch: SinkBatch, _ receipt: SinkReceipt, duration: Duration) {
        backoff.reset()
        failuresOfStep = 0
        overloadsByOne = 0
        losses.answered()
        checkTime = nil
        context.sinkAnswered()
        sizer.applied(batch.records.count, in: duration)
        lanes.applied(to: batch.position)
        // Count before waking the waiters for these records, because they may look at the statistics.
        context.count(batch.records.count, receipt, duration: duration)
        publish()
        context.moveCursor()
    }

    private mutating func recover(
        from error: any Error, after duration: Duration, step: Delivery.Step, delivery: inout Delivery
    ) async throws(WALError) -> Turn {
        let failure = context.sink.classify(error)
        try context.failed(failure)
        if failure != .indeterminate { losses.answered() }
        switch failure {
        case .transient:
            failuresOfStep += 1
            if failuresOfStep % Self.failuresBeforeHalving == 0 {
                delivery.halve()
                sizer.shrink()
            }
            try await context.pause(after: error, worker: index, backoff: &backoff)
        case .overloaded:
            try await overloaded(by: error, step, &delivery)
        case .indeterminate:
            context.events.outcomeUnknown(error, worker: index)
            try await context.pause(after: error, worker: index, backoff: &backoff)
            return try await reclaim(step, &delivery, after: error, duration)
        case .record(let code, let reason):
            context.sinkAnswered()
            switch delivery.blamed() {
            case .smaller: break
            case .culprit(let record):
                try await setAside(record, code: code, reason: reason)
                delivery.setAside()
            case .nobody:
                throw .sinkFailed(context.sink.name, "blames a record of a batch without records", cause: error)
            }
        case .fenced:
            throw .fenced(context.sink.name, cause: error)
        case .fatal:
            throw .sinkFailed(context.sink.name, "can't apply a batch", cause: error)
        }
        return .proceed
    }

    /// Continues with fewer records. A single record is tried without limit, because a slow sink is no reason to drop
    /// it.
    private mutating func overloaded(
        by error: any Error, _ step: Delivery.Step, _ delivery: inout Delivery
    ) async throws(WALError) {
        context.sinkAnswered()
        if step.range.count > 1 {
            delivery.shrink()
            sizer.overloaded(by: step.range.count)
            context.events.willRetry(error, worker: index)
            return
        }
        overloadsByOne += 1
        context.events.tooMuch(step.position, error, times: overloadsByOne)
        try await context.clock.sleep(until: context.clock.now() + backoff.next())
    }

    /// Claims the lanes again to find out whether a step was applied.
    private mutating func reclaim(
        _ step: Delivery.Step, _ delivery: inout Delivery, after error: any Error, _ duration: Duration
    ) async throws(WALError) -> Turn {
        let (claimed, claims) = try await context.claim(lanes.range, worker: index, backoff: &backoff)
        let loss = lanes.lost(by: claimed)
        if let loss { context.lostClaim(loss.known, loss.claimed) }
        let outcome = lanes.reclaimed(claimed, claims: claims, movingTo: step.position)
        if outcome == .applied { context.count(step.range.count, SinkReceipt(rowCount: 0), duration: .zero) }
        publish()
        if loss != nil, outcome != .fenced { return .restart }
        switch outcome {
        case .unchanged:
            try await lost(step, &delivery, after: error, duration)
            return .proceed
        case .applied:
            losses.answered()
            delivery.succeeded()
            return .proceed
        case .elsewhere:
            return .rewind
        case .fenced:
            throw .fenced(context.sink.name, cause: error)
        }
    }

    /// Handles a step that broke the connection, after the sink has answered that it wasn't applied.
    private mutating func lost(
        _ step: Delivery.Step, _ delivery: inout Delivery, after error: any Error, _ duration: Duration
    ) async throws(WALError) {
        let verdict = losses.lost(
            position: step.position, recordCount: step.range.count, isNarrowing: delivery.isNarrowing, after: duration)
        switch verdict {
        case .tryAgain: break
        case .smaller: delivery.halve()
        case .setAside:
            guard let record = delivery.records(of: step).first else { return }
            let reason = "The connection was lost \(losses.losses) times while this record alone was applied: \(error)"
            try await setAside(record, code: "connectionLost", reason: reason)
            losses.answered()
            delivery.setAside()
        }
    }

    /// Moves a record that the sink rejects to the dead-letter log. Retries without limit, because the record would
    /// be lost otherwise.
    private mutating func setAside(_ record: SinkRecord, code: String, reason: String) async throws(WALError) {
        let letter = DeadLetterRecord(
            sequence: record.sequence, time: record.time, sink: context.sink.name, code: code, reason: reason,
            payload: Array(record.payload))
        while true {
            do throws(WALError) {
                try await context.deadLetters.append(letter)
                break
            } catch {
                if Task.isCancelled { throw .waitCancelled }
                context.events.deadLetterFailed(error)
                try await context.clock.sleep(until: context.clock.now() + backoff.next())
            }
        }
        backoff.reset()
        context.countDeadLetter(DeadLetter(sequence: record.sequence, code: code, reason: reason))
    }

    // MARK: Publishing

    private func publish() {
        context.coordinator.update { $0.moved(index, lanes) }
    }
}
