internal import WAL

/// The reader of one iteration of a consumer.
struct ConsumerReader {
    enum Step {
        case delivery(LogEntry, ticket: Int, redeliveries: Int)
        /// There is no record yet, and the deadline has passed, or the window is full.
        case pause
        case end
    }

    let core: ConsumerCore
    let iteration: Int
    private let reader: LogReader
    private var isLogClosed = false
    private var hasDelivered = false
    /// An entry that waits because the delivery couldn't be noted.
    private var held: LogEntry?
    /// The error that ended a batch early, until it is thrown.
    private var failure: WALError?

    init(_ core: ConsumerCore) {
        self.core = core
        (iteration, reader) = core.beginIteration()
    }

    /// Returns the next delivery, and suspends until there is one.
    mutating func next() async throws(WALError) -> Step {
        try core.askForNext(iteration)
        if let failure = failure.take() { throw failure }
        guard try await core.waitForRoom(iteration) else { return .end }
        await core.saveAfterCrash(iteration)
        return try await read(until: nil)
    }

    /// Returns another delivery for a batch, if there is one before a deadline and the window has room. An error ends the batch, and
    /// ``next()`` throws it, because the caller must receive the deliveries that the batch has.
    mutating func another(until deadline: ContinuousClock.Instant) async -> Step {
        do throws(WALError) {
            switch try core.room(iteration) {
            case .open: return try await read(until: deadline)
            case .full: return .pause
            case .closed: return .end
            }
        } catch {
            failure = error
            return .pause
        }
    }

    private mutating func read(until deadline: ContinuousClock.Instant?) async throws(WALError) -> Step {
        while true {
            while let entry = try nextEntry() {
                if !hasDelivered, Self.isDelivery(entry) {
                    held = entry
                    guard try await noteDelivery() else { return .end }
                    held = nil
                }
                if let delivered = try deliver(entry) { return delivered }
                // A record that was acknowledged in an earlier iteration has its place in the window, too.
                guard case .full = try core.room(iteration) else { continue }
                if deadline != nil { return .pause }
                guard try await core.waitForRoom(iteration) else { return .end }
            }
            if isLogClosed { return .end }
            if let deadline, deadline <= .now { return .pause }
            try await waitForMore(until: deadline)
            if case .closed = try core.room(iteration) { return .end }
        }
    }

    /// Whether an entry is delivered, unless it is acknowledged: a gap isn't if no caller ever received its numbers.
    private static func isDelivery(_ entry: LogEntry) -> Bool {
        if case .gap(let gap) = entry { gap.isLoss } else { true }
    }

    /// Returns false if the log is closed.
    private mutating func noteDelivery() async throws(WALError) -> Bool {
        do throws(WALError) {
            try await core.place.noteDelivery()
        } catch {
            guard error.code == .closed else { throw error }
            return false
        }
        hasDelivered = true
        return true
    }

    private func nextEntry() throws(WALError) -> LogEntry? {
        if let held { return held }
        return try reader.nextEntry()
    }

    /// Delivers an entry. Returns nil for an entry that isn't delivered, and for one that is acknowledged.
    private func deliver(_ entry: LogEntry) throws(WALError) -> Step? {
        let through: SequenceNumber
        switch entry {
        case .record(let record): through = record.sequence
        case .gap(let gap):
            through = gap.last ?? SequenceNumber(rawValue: max(1, gap.first.rawValue) - 1)
            guard Self.isDelivery(entry) else {
                core.pass(through: through, iteration)
                return nil
            }
        }
        return try core.deliver(entry, through: through, iteration)
    }

    /// Suspends until there may be more records, the deadline passes, or the consumer is closed.
    private mutating func waitForMore(until deadline: ContinuousClock.Instant?) async throws(WALError) {
        let lent = LentReader(reader: reader)
        let wait = Task { () async -> WALError? in
            await errorThrown { () async throws(WALError) in try await lent.reader.waitForMore() }
        }
        let timer = deadline.map { deadline in
            Task {
                if (try? await Task.sleep(until: deadline, clock: .continuous)) != nil { wait.cancel() }
            }
        }
        defer { timer?.cancel() }
        if !core.begin(wait, iteration) { wait.cancel() }
        // Await the wait's end also after a cancellation, because it uses the reader.
        let error = await withTaskCancellationHandler {
            await wait.value
        } onCancel: {
            wait.cancel()
        }
        if Task.isCancelled { throw .waitCancelled }
        switch error?.code {
        case nil, .cancelled?: break
        case .closed?: isLogClosed = true
        default: if let error { throw error }
        }
    }
}
