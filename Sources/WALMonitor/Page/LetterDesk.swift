internal import WAL
internal import WALDelivery
internal import WALTasks

/// The dead letters of a store, and the jobs in which a monitor redrives or discards them.
actor LetterDesk {
    /// The actions that a monitor may be allowed to take on dead letters.
    typealias Action = LogMonitor.Action

    struct Selection: Sendable {
        var sequences: Set<String>?
        var sink: String?
        var code: String?
        var text: String?

        func accepts(_ row: LetterRow) -> Bool {
            if let sequences, !sequences.contains("\(row.sequence.rawValue)") { return false }
            if let sink, row.sink != sink { return false }
            if let code, row.code != code { return false }
            guard let text else { return true }
            return [row.reason, row.row, row.payload].contains { $0?.contains(text) ?? false }
        }
    }

    nonisolated let store: any DeadLetterStore
    private let files: LogFiles
    private let decoder: RowDecoder
    private let hub: EventHub
    private var jobCount = 0
    private var isBusy = false

    private static let pageSize = 1000

    init(_ store: any DeadLetterStore, _ files: LogFiles, _ decoder: RowDecoder, _ hub: EventHub) {
        self.store = store
        self.files = files
        self.decoder = decoder
        self.hub = hub
    }

    /// Returns the number of selected letters, and the newest of them from the oldest to the newest.
    func letters(_ selection: Selection, max: Int) async throws(MonitorFailure) -> (count: Int, rows: [LetterRow]) {
        var rows: [LetterRow] = []
        var count = 0
        try await visit(selection) { row in
            count += 1
            rows.append(row)
            if rows.count >= 2 * max { rows.removeFirst(max) }
        }
        return (count, rows.suffix(max))
    }

    private func visit(_ selection: Selection, _ body: (LetterRow) -> Void) async throws(MonitorFailure) {
        let log = await files.id
        var letters = StoredLetters { [store] previous in
            try await store.deadLetters(log: log, after: previous, limit: Self.pageSize)
        }
        do {
            while let letter = try await letters.next() {
                let row = LetterRow(letter, sink: store.name, decoder)
                if selection.accepts(row) { body(row) }
            }
        } catch {
            throw Self.failure(error, decoder)
        }
    }

    /// Returns the answer for a store's error. The error's text may contain addresses and payloads.
    static func failure(_ error: any Error, _ decoder: RowDecoder) -> MonitorFailure {
        let reason = decoder.shown("\(error)").map { ": \($0)" } ?? "."
        return MonitorFailure(502, "store", "The store doesn't answer\(reason)")
    }

    /// Starts a job on the selected letters, if their number is the expected one. Returns the job's number.
    func start(_ action: Action, _ selection: Selection, expected: Int) async throws(MonitorFailure) -> Int {
        guard !isBusy else { throw MonitorFailure(409, "busy", "Another job is running. Wait for its end.") }
        isBusy = true
        var letters: [StoredDeadLetter.ID] = []
        do throws(MonitorFailure) {
            try await visit(selection) { row in
                if let id = row.stored { letters.append(id) }
            }
            guard letters.count == expected else {
                throw MonitorFailure(
                    409, "count",
                    "The selection has \(letters.count) dead letters now, not \(expected). Look at them again.")
            }
        } catch {
            isBusy = false
            throw error
        }
        jobCount += 1
        let job = jobCount
        Task { [letters] in await run(job, action, letters) }
        return job
    }

    private func run(_ job: Int, _ action: Action, _ letters: [StoredDeadLetter.ID]) async {
        var progress = Progress(job: job, action: action, of: letters.count)
        for letter in letters {
            do {
                switch action {
                case .redrive: try await store.redrive(letter)
                case .discard: try await store.discard(letter)
                }
                progress.applied += 1
            } catch {
                guard store.isOfLetter(error) else {
                    // The error isn't caused by the letter, and the next letters would fail too.
                    progress.error = decoder.shown("\(error)") ?? "The store failed."
                    break
                }
                progress.left += 1
            }
            if (progress.applied + progress.left) % 100 == 0 { hub.publish(.jobs, "job", progress.json) }
        }
        progress.hasEnded = true
        isBusy = false
        hub.publish(.jobs, "job", progress.json)
    }

    private struct Progress {
        var job: Int
        var action: Action
        var of: Int
        var applied = 0
        var left = 0
        var error: String?
        var hasEnded = false

        var json: [UInt8] {
            JSONText.object {
                $0.number("job", job)
                $0.string("action", action.rawValue)
                $0.number("of", of)
                $0.number("applied", applied)
                $0.number("left", left)
                $0.string("error", error)
                $0.bool("has_ended", hasEnded)
            }
        }
    }
}
