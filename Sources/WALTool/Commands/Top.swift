import ArgumentParser
import WAL
import WALDelivery
import WALMonitor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows a log's state in the terminal, and keeps it current.",
        discussion: """
            Keys: 1 to 5 for the panes, p pauses, s sorts, up and down scroll, ? helps, q quits. The figures are those that the log's writer
            publishes once a second. Changes nothing. Without a terminal, --batch prints a number of screens as text.

            Example: wal top events.wal
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The time between two looks.") var interval = DurationArgument(.seconds(1))
    @Option(help: "Print this number of screens as text, and end.") var batch: Int?
    @Option(help: "The pane to begin with: 1 to 5.") var pane = 1
    @Flag(help: "Use ASCII only.") var ascii = false

    /// The number of dead letters and records to show.
    private static let detailsMax = 100

    func validate() throws {
        guard TopView.Pane(rawValue: pane) != nil else { throw ValidationError("--pane is 1 to 5.") }
        if let batch, batch < 1 { throw ValidationError("--batch is at least 1.") }
    }

    func run() throws {
        let log = try ReadOnlyLog(at: directory)
        var view = TopView()
        view.pane = TopView.Pane(rawValue: pane) ?? .log
        view.isASCII = ascii || !Self.isUTF8
        if let batch { return try print(log, view, count: batch) }
        guard var terminal = Terminal() else {
            throw ToolError(.usage, "Standard input and output aren't a terminal. Use --batch for text.")
        }
        defer { terminal.end() }
        let stop = try StopSignal()
        stop.catchSignals()
        defer { stop.releaseSignals() }
        try show(log, &view, &terminal, stop)
    }

    private func show(
        _ log: ReadOnlyLog, _ view: inout TopView, _ terminal: inout Terminal, _ stop: StopSignal
    ) throws {
        let isColored = getenv("NO_COLOR") == nil
        var snapshot = try LogSnapshot.read(directory)
        var before: LogSnapshot?
        var details = try details(log, view.pane)
        var due = ContinuousClock.now + interval.duration
        while true {
            let size = terminal.size
            let rows = view.rows(snapshot, before: before, details, height: size.height)
            terminal.show(rows.map { $0.row(width: size.width, isColored: isColored) })
            let left = max(.zero, min(due - .now, .milliseconds(250)))
            switch try stop.waitForInput(STDIN_FILENO, timeout: Int32(left / .milliseconds(1)) + 1) {
            case .stopped: return
            case .readable:
                guard try act(on: Self.keys(), &view, &terminal) else { return }
                details = try self.details(log, view.pane)
            case .timedOut: break
            }
            guard ContinuousClock.now >= due else { continue }
            due = .now + interval.duration
            guard !view.isPaused else { continue }
            let next = try LogSnapshot.read(directory)
            // The writer may not have published since.
            if next.status.time != snapshot.status.time { before = snapshot }
            snapshot = next
            details = try self.details(log, view.pane)
        }
    }

    /// Returns false to end.
    private func act(on keys: [UInt8], _ view: inout TopView, _ terminal: inout Terminal) throws -> Bool {
        // An arrow is ESC [ A or B.
        if keys.starts(with: [0x1B, 0x5B]), keys.count > 2 {
            if keys[2] == 0x41 { view.scrolled = max(0, view.scrolled - 1) }
            if keys[2] == 0x42 { view.scrolled += 1 }
            return true
        }
        for key in keys {
            switch key {
            case UInt8(ascii: "q"), 0x03, 0x04: return false
            case 0x1A: terminal.suspend()
            case UInt8(ascii: "p"): view.isPaused.toggle()
            case UInt8(ascii: "s"): view.order = view.order.next
            case UInt8(ascii: "?"): view.isHelpShown.toggle()
            case UInt8(ascii: "1")...UInt8(ascii: "5"):
                view.pane = TopView.Pane(rawValue: Int(key - UInt8(ascii: "0"))) ?? .log
                (view.scrolled, view.isHelpShown) = (0, false)
            default: break
            }
        }
        // The terminal is gone.
        return !keys.isEmpty
    }

    private static func keys() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    private func print(_ log: ReadOnlyLog, _ view: TopView, count: Int) throws {
        var before: LogSnapshot?
        for number in 1...count {
            let snapshot = try LogSnapshot.read(directory)
            let details = try details(log, view.pane)
            let rows = view.rows(snapshot, before: before, details, height: 1000)
            var lines = rows.map { $0.map(\.text).joined() }
            lines.removeLast()
            while lines.last?.isEmpty == true { lines.removeLast() }
            try StandardOutput.print(lines.joined(separator: "\n"))
            before = snapshot
            if number < count { usleep(UInt32(clamping: Int(interval.duration / .microseconds(1)))) }
        }
    }

    private func details(_ log: ReadOnlyLog, _ pane: TopView.Pane) throws -> TopView.Details {
        var details = TopView.Details()
        switch pane {
        case .log, .sinks: break
        case .segments: details.segments = try log.segments
        case .deadLetters:
            var reader = try DeadLetterReader(logDirectory: directory)
            while let letter = try reader.next() {
                details.deadLetters.append(letter)
                if details.deadLetters.count > Self.detailsMax { details.deadLetters.removeFirst() }
            }
        case .tail:
            let last = try LogSnapshot(log).status.lastSequence.rawValue
            let first = last > UInt64(Self.detailsMax) ? last - UInt64(Self.detailsMax) : 0
            let reader = log.reader(from: SequenceNumber(rawValue: first + 1))
            while details.tail.count < Self.detailsMax,
                let line = try reader.next(
                    { Optional(String(decoding: RecordLine.text($0), as: UTF8.self)) }, gap: { _ in nil })
            {
                if let line { details.tail.append(line.replacing("\t", with: "  ")) }
            }
            details.tail.reverse()
        }
        return details
    }

    private static var isUTF8: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { continue }
            return value.lowercased().contains("utf")
        }
        return false
    }
}
