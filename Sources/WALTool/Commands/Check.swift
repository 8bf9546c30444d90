import ArgumentParser
import WAL
import WALLogging
import WALMonitor

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a log's state, for monitoring systems.",
        discussion: """
            Exit codes, as monitoring plugins have them and unlike the other verbs: 0 all is well, 1 warning, 2 critical, 3 unknown. The
            first value of a limit is a warning, the second critical. The state comes from the file STATUS, in which the log's
            writer publishes it once a second. A log without a writer is critical.

            Example: wal check events.wal --lag 60s,300s --disk 80,90
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, nagios, json
    }

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The age of a sink's first record that isn't applied.") var lag = DurationLimits(
        .seconds(60), .seconds(300), "60s,300s")
    @Option(help: "The used part of the disk budget and of the file system, in percent.") var disk = NumberLimits(
        80, 90, "80,90")
    @Option(help: "The records that a sink has set aside.") var deadLetters = NumberLimits(1, 100, "1,100")
    @Option(help: "The 99th percentile of the durations of syncs.") var syncP99 = DurationLimits(
        .milliseconds(100), .seconds(1), "100ms,1s")
    @Option(
        help:
            "A store whose dead letters are counted instead of those since the writer's start: \(StoreArgument.forms). Can be repeated."
    )
    var store: [StoreArgument] = []
    @Option(help: "The form of the output.") var format = Format.text

    func validate() throws {
        guard [deadLetters.warning, deadLetters.critical].allSatisfy({ $0 == $0.rounded() }) else {
            throw ValidationError("--dead-letters takes whole numbers.")
        }
    }

    func run() async throws {
        let log = Result { try ReadOnlyLog(at: directory).id }
        var answers: [StoreAnswer] = []
        if case .success(let id) = log {
            for argument in store { answers.append(await .of(argument, about: id)) }
        }
        try report(log, answers)
    }

    // This is a function of its own, because the compiler's optimizer fails on `run` with this code in it.
    private func report(_ log: Result<LogID, any Error>, _ answers: [StoreAnswer]) throws {
        let items: [LogCheck.Item]
        do {
            _ = try log.get()
            var (snapshot, damage) = try LogSnapshot.examine(directory)
            for answer in answers { snapshot.take(answer) }
            items = LogCheck(snapshot, rules: rules).items + damage + answers.map(\.item)
        } catch {
            items = [LogCheck.Item("log", .unknown, "\(error)")]
        }
        switch format {
        case .text: try StandardOutput.print(items.map(\.line).joined(separator: "\n"))
        case .nagios: try StandardOutput.print(Self.pluginLine(items))
        case .json: try StandardOutput.print(JSON.report(items).description)
        }
        let verdict = LogCheck.verdict(of: items)
        if verdict != .ok { throw ExitCode(verdict.rawValue) }
    }

    /// Returns the line of a monitoring plugin: the verdict, the items that aren't ok, and the figures.
    static func pluginLine(_ items: [LogCheck.Item]) -> String {
        let bad = items.filter { $0.verdict != .ok }.map(\.sentence)
        let figures = items.map { item in
            // A label can't contain an equal sign, and each quote in it is doubled.
            let label = LineText.escaped(([item.name] + (item.sink.map { [$0] } ?? [])).joined(separator: "_"))
                .replacing("|", with: "/").replacing("=", with: "_").replacing("'", with: "''")
            return "'\(label)'=\(item.value)\(item.unit)"
        }
        let text = bad.isEmpty ? items.first?.text ?? "" : bad.joined(separator: "; ")
        let verdict = LogCheck.verdict(of: items).name
        let shown = LineText.escaped(text).replacing("|", with: "/")
        return "WAL \(verdict) - \(shown) | \(figures.joined(separator: " "))"
    }

    private var rules: LogCheck.Rules {
        var rules = LogCheck.Rules()
        rules.lag = LogCheck.Limits(warning: lag.warning, critical: lag.critical)
        rules.disk = LogCheck.Limits(warning: disk.warning, critical: disk.critical)
        rules.deadLetters = LogCheck.Limits(
            warning: UInt64(deadLetters.warning), critical: UInt64(deadLetters.critical))
        rules.syncP99 = LogCheck.Limits(warning: syncP99.warning, critical: syncP99.critical)
        return rules
    }
}

/// Two durations with the lower one first: `60s,300s`.
struct DurationLimits: ExpressibleByArgument {
    let warning, critical: Duration
    let defaultValueDescription: String

    init(_ warning: Duration, _ critical: Duration, _ text: String) {
        (self.warning, self.critical, defaultValueDescription) = (warning, critical, text)
    }

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { DurationArgument(argument: String($0))?.duration }
        guard parts.count == 2, let warning = parts[0], let critical = parts[1], warning <= critical else { return nil }
        self.init(warning, critical, argument)
    }
}

/// Two numbers with the lower one first: `80,90`.
struct NumberLimits: ExpressibleByArgument {
    let warning, critical: Double
    let defaultValueDescription: String

    init(_ warning: Double, _ critical: Double, _ text: String) {
        (self.warning, self.critical, defaultValueDescription) = (warning, critical, text)
    }

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { Double($0) }
        guard parts.count == 2, let warning = parts[0], let critical = parts[1], warning >= 0, warning <= critical,
            critical < 1e15
        else { return nil }
        self.init(warning, critical, argument)
    }
}

extension LogCheck.Verdict {
    /// A sign that is readable without colors.
    var mark: String {
        switch self {
        case .ok: "✓"
        case .warning: "!"
        case .critical: "✗"
        case .unknown: "?"
        }
    }

    var name: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }
}

extension JSON {
    /// Returns the items with their worst verdict.
    static func report(_ items: [LogCheck.Item]) -> JSON {
        .object([("verdict", .string(LogCheck.verdict(of: items).name)), ("items", .array(items.map(\.json)))])
    }
}

extension LogCheck.Item {
    /// The state and the next step.
    fileprivate var sentence: String { next.map { "\(text). Next: \($0)" } ?? text }

    /// The line in the form for people.
    var line: String { "\(verdict.mark) \(LineText.escaped(sentence))" }

    var json: JSON {
        .object([
            ("name", .string(name)),
            ("sink", JSON(sink)),
            ("verdict", .string(verdict.name)),
            ("value", JSON(value)),
            ("unit", .string(unit)),
            ("text", .string(text)),
            ("next", JSON(next)),
        ])
    }
}
