import ArgumentParser
import WAL
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
            Keys: 1 to 5 for the panes, up and down select a row, y copies it as JSON, / filters the rows, s sorts, p pauses, ? shows help, q
            quits. The figures are those that the log's writer publishes once a second. Changes nothing. Without a terminal, --batch prints
            a number of screens as text, and --json the status.

            --url reads from the page of a wal serve instead of a directory. Records are then masked as on the page. Its token comes from
            --token-file or from the variable WAL_TOKEN.

            Example: wal top events.wal

            Example: WAL_TOKEN=… wal top --url http://127.0.0.1:7077
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String?
    @Option(help: "The address of a wal serve, instead of a directory.") var url: String?
    @Option(help: "The file with the token of that page.", completion: .file()) var tokenFile: String?
    @Option(help: "The time between two looks.") var interval = DurationArgument(.seconds(1))
    @Option(help: "Print this number of screens as text, and end.") var batch: Int?
    @Flag(help: "Print the status as one line of JSON at each look, without a terminal.") var json = false
    @Option(help: "The pane to begin with: 1 to 5.") var pane = 1
    @Flag(help: "Use ASCII only.") var ascii = false

    func validate() throws {
        guard TopView.Pane(rawValue: pane) != nil else { throw ValidationError("--pane is 1 to 5.") }
        if let batch, batch < 1 { throw ValidationError("--batch is at least 1.") }
        guard (directory == nil) != (url == nil) else { throw ValidationError("Name a log's directory, or --url.") }
        if tokenFile != nil, url == nil { throw ValidationError("--token-file needs --url.") }
    }

    func run() throws {
        let source = try source()
        let look = TopView.Look(snapshot: try source.snapshot())
        guard batch == nil, !json else { return try print(source, look) }
        guard var terminal = Terminal() else {
            throw ToolError(.usage, "Standard input and output aren't a terminal. Use --batch for text.")
        }
        defer { terminal.end() }
        let stop = try StopSignal()
        stop.catchSignals()
        defer { stop.releaseSignals() }
        try show(source, look, &terminal, stop)
    }

    private func source() throws -> any TopSource {
        guard let url else { return try DirectorySource(directory ?? "") }
        let token = try tokenFile.map { try TokenFile.existing(at: $0) } ?? Self.variable("WAL_TOKEN")
        // A server that has disconnected must not end the process.
        signal(SIGPIPE, SIG_IGN)
        return PageSource(try PageClient(url: url, token: token))
    }

    private var view: TopView {
        var view = TopView()
        view.pane = TopView.Pane(rawValue: pane) ?? .log
        view.isASCII = ascii || !Self.isUTF8
        return view
    }

    // MARK: In a terminal

    private func show(
        _ source: any TopSource, _ first: TopView.Look, _ terminal: inout Terminal, _ stop: StopSignal
    ) throws {
        let isColored = getenv("NO_COLOR") == nil
        var (look, view) = (first, view)
        look.details = try source.details(of: view.pane)
        var due = ContinuousClock.now + interval.duration
        while true {
            let size = terminal.size
            let rows = view.screen(look, width: size.width, height: size.height)
            terminal.show(rows.map { $0.row(width: size.width, isColored: isColored) })
            let left = max(.zero, min(due - .now, .milliseconds(250)))
            switch try stop.waitForInput(STDIN_FILENO, timeout: Int32(left / .milliseconds(1)) + 1) {
            case .stopped: return
            case .readable:
                // The end of the input means that the terminal is closed.
                guard let input = Self.input() else { return }
                let pane = view.pane
                for key in TopKey.keys(of: input) {
                    switch view.press(key, look, width: size.width) {
                    case .none: break
                    case .quit: return
                    case .suspend: terminal.suspend()
                    case .copy(let text): terminal.copy(text)
                    }
                }
                if view.pane != pane { Self.renew(&look) { $0.details = try source.details(of: view.pane) } }
            case .timedOut: break
            }
            guard ContinuousClock.now >= due else { continue }
            due = .now + interval.duration
            guard !view.isPaused else { continue }
            Self.renew(&look) { look in
                let next = try source.snapshot()
                // The writer may not have published a status since the last look.
                if next.status.time != look.snapshot.status.time { look.before = look.snapshot }
                look.snapshot = next
                look.details = try source.details(of: view.pane)
            }
        }
    }

    /// Updates the look. If the log or page can't be read at the moment, the screen reports it.
    private static func renew(_ look: inout TopView.Look, _ body: (inout TopView.Look) throws -> Void) {
        do {
            try body(&look)
            look.failure = nil
        } catch {
            look.failure = (error as? ToolError)?.message ?? "\(error)"
        }
    }

    /// Returns the bytes that the terminal has; nil at its end.
    private static func input() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    // MARK: As text

    private func print(_ source: any TopSource, _ first: TopView.Look) throws {
        var look = first
        var left = batch ?? .max
        while true {
            if json {
                try StandardOutput.print(String(decoding: look.snapshot.status.json, as: UTF8.self))
            } else {
                look.details = try source.details(of: TopView.Pane(rawValue: pane) ?? .log)
                let lines = view.text(look).map { $0.map(\.text).joined().cut(to: .max).text }
                try StandardOutput.print(lines.joined(separator: "\n"))
            }
            left -= 1
            guard left > 0 else { return }
            usleep(UInt32(clamping: Int(interval.duration / .microseconds(1))))
            look.before = look.snapshot
            look.snapshot = try source.snapshot()
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static var isUTF8: Bool {
        let value = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first
        return value?.lowercased().contains("utf") ?? false
    }
}
