import ArgumentParser
import WAL
import WALDelivery
import WALTasks

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Shows the dead letters of sinks, or applies them again.",
        discussion: """
            PLACE is a log's directory, for the records that a flusher kept in the log's dead letters, or a store, for the
            operations that it rejected in its own transactions: \(StoreArgument.forms).
            Damaged letters beside a log are reported on standard error and hide no others, and the exit code is 1.

            Use --redrive once the reason is removed. A store's dead letters are applied in that store, and each is deleted
            in the transaction of its rows. A directory's dead letters are applied in the store given with --into, which
            keeps a position, so that none is applied twice, and are removed then. They are those that this store's sink
            rejected. Those of another sink or consumer stay, unless --sink names it. Dead letters that still can't be
            applied stay and are shown, or become dead letters of the store given with --into, and the exit code is 1.

            A store takes changes of tasks alone. A dead letter of a store that has other bytes, such as an event of a journal,
            stays and is shown. If the chosen dead letters of a directory have such bytes, or are messages of a flow, nothing
            is applied and the exit code is 65: the program with their sink redrives or discards them.

            Example: wal dead-letters sqlite:events.db --redrive
            """)

    @Argument(help: "A log's directory or a store.", completion: .directory) var place: String
    @Flag(help: "Apply the dead letters.") var redrive = false
    @Option(help: "The store in which to apply a directory's dead letters.") var into: StoreArgument?
    @Option(help: "The sink or consumer whose dead letters are applied (default: that of the store given with --into).")
    var sink: String?
    @Flag(help: "Print JSON, one object a line.") var json = false

    func validate() throws {
        let isStore = StoreArgument(argument: place) != .unknown
        if sink != nil, into == nil { throw ValidationError("--sink belongs to --into STORE.") }
        if isStore, into != nil { throw ValidationError("A store's dead letters are applied in it: leave out --into.") }
        if let into, into == .memory {
            throw ValidationError(
                "memory: ends with this process, and the dead letters would be lost. Name a database.")
        }
        if !isStore, redrive != (into != nil) {
            throw ValidationError("For a directory, give --redrive and --into STORE.")
        }
    }

    func run() async throws {
        let argument = StoreArgument(argument: place)
        if argument != .unknown {
            try await redrive ? self.redrive(argument) : show(argument)
        } else if place.contains("//"), access(place, F_OK) != 0 {
            // The message doesn't quote the argument, because a mistyped address may contain a password.
            throw ToolError(.usage, "This is neither a directory nor a store. Stores are \(StoreArgument.forms).")
        } else if let into {
            try await redrive(into: into)
        } else {
            try list()
        }
    }

    /// Shows the letters beside a log, and those that consumers in other processes have parked.
    private func list() throws {
        // This throws for a path without a log. Otherwise the empty output would look like that of a log without dead
        // letters.
        let log = try ReadOnlyLog(at: place)
        // The folders include those of consumers whose file is missing or damaged.
        let parked = try log.parkedFolders
        var output = StandardOutput()
        defer { try? output.flush() }
        var damages: [WALError] = []
        for directory in [place] + parked {
            var letters = try ReadableLetters(logDirectory: directory)
            while let letter = try letters.next() { try output.write(line: line(DeadLetterLine(letter))) }
            damages += letters.damages
        }
        try output.flush()
        for damage in damages { StandardError.write(ReadableLetters.text(damage) + "\n") }
        if !damages.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }

    private func line(_ letter: DeadLetterLine) -> [UInt8] {
        Array((json ? letter.json.description : letter.text).utf8)
    }

    private func show(_ argument: StoreArgument) async throws {
        let store = try await argument.inspect()
        var output = StandardOutput()
        var letters = StoredLetters { try await store.deadLetters(log: nil, after: $0, limit: 100) }
        while let letter = try await letters.next() { try output.write(line: line(DeadLetterLine(letter))) }
        try output.flush()
        try await store.close()
    }

    /// Applies a store's dead letters again in that store.
    private func redrive(_ argument: StoreArgument) async throws {
        let store = try await argument.openLetters()
        var output = StandardOutput()
        var letters = StoredLetters { try await store.deadLetters(log: nil, after: $0, limit: 100) }
        var (applied, left) = (0, 0)
        while let letter = try await letters.next() {
            do {
                try await store.redrive(letter.id)
                applied += 1
            } catch {
                // An error of the connection isn't caused by the dead letter.
                guard store.isOfLetter(error) else { throw error }
                var shown = DeadLetterLine(letter)
                shown.redriveError = "\(error)"
                left += 1
                try output.write(line: line(shown))
            }
        }
        try output.flush()
        try await store.close()
        try finish(applied: applied, left: left)
    }

    /// Applies a log's dead letters to a store, and removes them.
    private func redrive(into argument: StoreArgument) async throws {
        let sink = sink ?? argument.sinkName
        // A consumer in another process, `consumer/NAME`, has a folder of its own for its letters.
        let folder = "/" + sink.replacing("consumer/", with: "consumers/") + ".parked"
        let parked = try ReadOnlyLog(at: place).parkedFolders.filter { $0.hasSuffix(folder) }
        var chosen: [(directory: String, letters: [DeadLetterRecord])] = []
        var others: Set<String> = []
        for directory in [place] + parked {
            let letters = try letters(of: sink, in: directory, others: &others)
            if !letters.isEmpty { chosen.append((directory, letters)) }
        }
        if !others.isEmpty {
            let names = others.sorted().joined(separator: ", ")
            StandardError.write("Dead letters of others stay (--sink names one): \(names).\n")
        }
        // Without dead letters, the directory of their log may not exist.
        if chosen.isEmpty { return try finish(applied: 0, left: 0) }
        // An opening for writing would create the store, and the letters would be removed.
        try await argument.inspect().close()
        let store = try await argument.open()
        var (applied, left) = (0, 0)
        for (directory, letters) in chosen {
            let outcome = try await apply(letters, of: sink, in: directory, to: store)
            applied += outcome.records - outcome.deadLetters
            left += outcome.deadLetters
        }
        try await store.close()
        for (directory, letters) in chosen { try await discard(letters, in: directory) }
        try finish(applied: applied, left: left)
    }

    /// Returns a sink's dead letters in a directory, without their payloads. Throws if one isn't a change of tasks.
    /// Adds the names of the other letters' sinks to `others`.
    private func letters(of sink: String, in directory: String, others: inout Set<String>) throws
        -> [DeadLetterRecord]
    {
        var reader = try DeadLetterReader(logDirectory: directory)
        var chosen: [DeadLetterRecord] = []
        while var letter = try reader.next() {
            guard letter.sink == sink else {
                others.insert(letter.sink)
                continue
            }
            if let error = TaskRecords.errorOfChange(in: letter.payload) {
                throw TaskRecords.refusal("Record \(letter.sequence), which \(letter.sink) rejected,", error)
            }
            letter.payload = []
            chosen.append(letter)
        }
        return chosen
    }

    /// Applies chosen dead letters to a store. For the store, they are a separate log with one lane, so that none is
    /// applied twice.
    private func apply(
        _ chosen: [DeadLetterRecord], of sink: String, in directory: String, to store: some TaskStore
    ) async throws -> ReplayOutcome {
        let letters = try ReadOnlyLog(at: directory + "/dead-letters")
        // The letters of each sink have their own position in the store.
        let mark = StableHash.of(sink)
        let progress = ReplayProgress()
        var replayer = try await Replayer(
            sink: TaskSink(store: store), log: letters.id, mark: mark, progress: progress)
        try replayer.requirePosition(
            upTo: letters.lastSequence, of: letters.directory,
            remedy: "The program with the log appends dead letters again (`redrive`).")
        var reader = try DeadLetterReader(logDirectory: directory)
        var left = chosen.count
        while left > 0, let letter = try reader.next() {
            guard letter.sink == sink else { continue }
            left -= 1
            guard reader.place > replayer.position else { continue }
            try await replayer.apply([
                SinkRecord(sequence: reader.place, time: letter.time, payload: letter.payload[...])
            ])
        }
        return progress.outcome
    }

    private func discard(_ letters: [DeadLetterRecord], in directory: String) async throws {
        let kept = DeadLetterLog.of(logDirectory: directory)
        do throws(WALError) {
            try await kept.discard(letters)
            await kept.release()
        } catch {
            guard error.code == .locked else { throw error }
            StandardError.write(
                "The store has the dead letters. A service holds them open: run this again once it is stopped, to remove them.\n"
            )
        }
    }

    private func finish(applied: Int, left: Int) throws {
        StandardError.write("Redriven: \(applied). Left: \(left).\n")
        if left > 0 { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}
