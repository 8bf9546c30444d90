import Foundation
import TestSupport
import Testing
import WAL
import WALDelivery

@testable import WALMonitor
@testable import WALTool

/// A screen that is cut at the wrong place, or a terminal that stays in raw mode, is worse than no view.
struct TopTests {
    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("orders")
    }

    private func makeLog() throws {
        let open = try WriteAheadLog.openBlocking(at: log)
        for number in 1...30 { _ = try open.appendBlocking(Array("record \(number) \u{1B}[31m\u{202E}猫".utf8)) }
        try open.setCursor("slow", to: 4)
        try open.setCursor("fast", to: 30)
        try open.closeBlocking()
    }

    /// Longer times don't fit into 64 bits of microseconds.
    @Test func spansOfThousandsOfYearsAreRefused() throws {
        try makeLog()
        #expect(try ToolRun(["top", log, "--batch", "2", "--interval", "200000000d"]).status == 64)
        #expect(try ToolRun(["graph", log, "--by", "200000000d"]).status == 64)
        #expect(try ToolRun(["graph", log, "--by", "36500d"]).status == 0)
    }

    @Test(arguments: [60, 80, 200]) func eachRowFitsTheScreen(_ width: Int) throws {
        try makeLog()
        let readOnly = try ReadOnlyLog(at: log)
        let snapshot = try LogSnapshot(readOnly)
        var look = TopView.Look(snapshot: snapshot, before: snapshot)
        look.details.segments = try readOnly.segments.map(TopDetails.Segment.init)
        let long = "1  \u{1B}[31m\u{202E}" + String(repeating: "猫e\u{301}", count: 200)
        look.details.tail = [.init(identity: "1", text: long, json: "{}")]
        look.details.letters = [
            .init(
                sequence: "7", sink: String(repeating: "長", count: 30), code: "23505", reason: "x\ny\u{7}", json: "{}")
        ]
        var view = TopView()
        for pane in TopView.Pane.allCases {
            view.pane = pane
            for height in [16, 24, 50] {
                let rows = view.screen(look, width: width, height: height)
                #expect(rows.count == height)
                for row in rows {
                    let text = row.row(width: width, isColored: false)
                        .replacing("\u{1B}[1m", with: "").replacing("\u{1B}[7m", with: "").replacing(
                            "\u{1B}[0m", with: "")
                    #expect(text.cells <= width, "\(text)")
                    #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(text)")
                    #expect(!text.unicodeScalars.contains("\u{202E}"))
                }
            }
        }
        #expect("猫e\u{301}x".cells == 4 && "猫猫".cut(to: 3).text == "猫" && "ab".padded(to: 4, right: true) == "  ab")
    }

    @Test func aNarrowScreenHasFewerColumns() {
        func heading(_ width: Int) -> [String] {
            TopTable(
                [.init("sink", 20), .init("rows", 8, rank: 1), .init("dead", 6), .init("reason", 0, rank: 2)],
                width: width
            )
            .heading.text.map(\.text).joined().split(separator: " ").map(String.init)
        }
        #expect(heading(45) == ["sink", "rows", "dead", "reason"])
        #expect(heading(37) == ["sink", "rows", "dead"])
        #expect(heading(30) == ["sink", "dead"])
    }

    @Test func keysAreTakenFromTheBytesOfATerminal() {
        #expect(TopKey.keys(of: Array("/é\u{7F}\r".utf8)) == [.character("/"), .character("é"), .backspace, .enter])
        #expect(TopKey.keys(of: [0x1B]) == [.escape])
        #expect(TopKey.keys(of: Array("\u{1B}[A\u{1B}OBq".utf8)) == [.up, .down, .character("q")])
        // Shift with an arrow, F5, and an incomplete key sequence.
        #expect(TopKey.keys(of: Array("\u{1B}[1;2B\u{1B}[15~\u{1B}[".utf8)) == [.down])
    }

    @Test func theSelectedRowIsCopiedAlsoWhenOthersComeBeforeIt() throws {
        try makeLog()
        let source = try DirectorySource(log)
        var look = TopView.Look(snapshot: try source.snapshot(), details: try source.details(of: .tail))
        var view = TopView()
        func press(_ keys: String) -> TopView.Action {
            TopKey.keys(of: Array(keys.utf8)).reduce(.none) { view.press($1, look, width: 80) }
        }
        #expect(press("5y") == .none && view.notice == "Select a row with the arrows first.")
        _ = press("\u{1B}[B\u{1B}[B\u{1B}[B\u{1B}[A")
        look.details.tail.insert(.init(identity: "31", text: "31", json: "{}"), at: 0)
        guard case .copy(let copied) = press("y") else {
            Issue.record("nothing is copied: \(view.notice)")
            return
        }
        let json = try #require(try JSONSerialization.jsonObject(with: Data(copied.utf8)) as? [String: Any])
        #expect(json["sequence"] as? Int == 29 && (json["text"] as? String)?.hasPrefix("record 29 ") == true)
        // If a filter hides the row, there is nothing to copy.
        #expect(press("/RECORD 1q\u{7F}\r") == .none)
        #expect(view.filter == "RECORD 1" && view.lines(look, width: 80).count == 11)
        #expect(press("y") == .none)
        _ = press("\u{1B}")
        #expect(view.filter.isEmpty && view.lines(look, width: 80).count == 31)
        look.details.tail[0].json = String(repeating: "x", count: 80_000)
        #expect(press("\u{1B}[A\u{1B}[A\u{1B}[A\u{1B}[Ay") == .none && view.notice.contains("too large"))
        #expect(press("q") == .quit)
    }

    /// Their lines took seconds at each look, during which no key was read, and none could be copied.
    @Test func theLinesOfLargeRecordsAndLettersAreNotMade() async throws {
        let open = try await WriteAheadLog.open(at: log)
        try await open.append(Array(repeating: UInt8(ascii: "x"), count: 100_000))
        try await open.append(Array("small".utf8))
        try await open.close()
        let kept = DeadLetterLog.of(logDirectory: log)
        try await kept.append(
            DeadLetterRecord(
                sequence: 1, time: .now, sink: "mail", code: "1", reason: "no",
                payload: Array(repeating: 1, count: 100_000)))
        await kept.release()
        let source = try DirectorySource(log)
        let tail = try source.details(of: .tail).tail
        #expect(tail.map { $0.json == nil } == [false, true])
        #expect(tail.last?.text.contains("xxx") == true)
        let letters = try source.details(of: .deadLetters).letters
        #expect(letters.map { $0.json == nil } == [true])
        var view = TopView()
        view.pane = .tail
        view.selected = tail.last?.identity
        let look = TopView.Look(snapshot: try source.snapshot(), details: try source.details(of: .tail))
        let action = view.press(.character("y"), look, width: 80)
        #expect(action == .none && view.notice.contains("too large"))
    }

    /// The selection is always on the screen, and the headings return with the first row.
    @Test func theScreenFollowsTheSelection() throws {
        try makeLog()
        let source = try DirectorySource(log)
        let look = TopView.Look(snapshot: try source.snapshot(), details: try source.details(of: .tail))
        var view = TopView()
        view.pane = .tail
        for step in Array(repeating: TopKey.down, count: 40) + Array(repeating: TopKey.up, count: 40) {
            _ = view.press(step, look, width: 80)
            let rows = view.screen(look, width: 80, height: 16)
            #expect(rows.contains { $0.first?.style == .inverse && $0[0].text.hasPrefix("\(view.selected ?? "") ") })
        }
        #expect(view.selected == "30" && view.scrolled == 0)
    }

    @Test func aBatchIsText() throws {
        try makeLog()
        let first = try ToolRun(["top", log, "--batch", "1"])
        #expect(first.status == 0 && first.output.contains("no writer since"), "\(first.errors)")
        #expect(first.output.contains("last record             30\n"))
        let cursors = try ToolRun(["top", log, "--batch", "2", "--pane", "2", "--interval", "10ms"]).output
        #expect(cursors.components(separatedBy: "slow").count == 3)
        #expect(
            try ToolRun(["top", log, "--batch", "1", "--pane", "3", "--ascii"]).output.utf8.allSatisfy { $0 < 128 })
        #expect(try ToolRun(["top", log, "--batch", "1", "--pane", "5"]).output.contains("record 30"))
        let lines = try ToolRun(["top", log, "--batch", "2", "--json", "--interval", "10ms"]).output.split(
            separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("\"last_sequence\":30") })
        #expect(try ToolRun(["top", log]).status == 64)
        #expect(try ToolRun(["top"]).status == 64)
        #expect(try ToolRun(["top", log, "--url", "http://localhost"]).status == 64)
        #expect(try ToolRun(["top", log, "--pane", "6"]).status == 64)
    }

    // MARK: In a terminal

    /// A terminal of a separate tmux server, with a shell.
    private final class Screen {
        let socket: String

        init?(_ socket: String, width: Int, height: Int) throws {
            self.socket = socket
            guard FileManager.default.isExecutableFile(atPath: "/usr/bin/tmux") else {
                if ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1" {
                    Issue.record("tmux isn't installed")
                }
                return nil
            }
            _ = try run(
                "-f", "/dev/null", "new-session", "-d", "-x", "\(width)", "-y", "\(height)",
                "env LANG=C.UTF-8 PS1='$ ' sh")
            // Keys that arrive before the shell are lost.
            _ = try wait(for: "$")
        }

        deinit { _ = try? run("kill-server") }

        @discardableResult func run(_ arguments: String...) throws -> String {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/python3")
            // The server outlives this call, so it must not inherit descriptors, which would delay the end of this process, or
            // blocked signals, which would make kill-server ineffective.
            let script = """
                import os, signal, sys
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os.closerange(3, 65536)
                os.execv("/usr/bin/tmux", ["tmux", *sys.argv[1:]])
                """
            let file = socket + ".output"
            _ = FileManager.default.createFile(atPath: file, contents: nil)
            process.arguments = ["-c", script, "-S", socket] + arguments
            process.standardOutput = try FileHandle(forWritingTo: URL(filePath: file))
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return try String(contentsOfFile: file, encoding: .utf8)
        }

        func type(_ text: String) throws { try run("send-keys", text, "Enter") }

        /// Waits until the screen has a text, and returns the screen.
        func wait(for text: String) throws -> String {
            let end = ContinuousClock.now + .seconds(120)
            while true {
                let shown = try run("capture-pane", "-p")
                if shown.contains(text) { return shown }
                guard ContinuousClock.now < end else {
                    Issue.record("\(text) isn't on the screen:\n\(shown)")
                    return shown
                }
                usleep(30_000)
            }
        }
    }

    @Test func theTerminalIsAsBeforeAfterEachWayOut() throws {
        try makeLog()
        guard let screen = try Screen(scratch.path("tmux"), width: 80, height: 24) else { return }
        defer { _ = try? screen.run("kill-server") }
        try screen.type("stty -g > \(scratch.path("before")); echo ready-$?")
        _ = try screen.wait(for: "ready-0")
        let top = "\(ToolRun.tool.path) top \(log)"
        for (way, keys) in [("q", ["q"]), ("c", ["C-c"]), ("term", []), ("segv", [])] {
            try screen.type("clear; \(top); stty -g > \(scratch.path(way)); echo over-\(way)")
            _ = try screen.wait(for: "1 log  2 sinks")
            for key in keys { try screen.run("send-keys", key) }
            if keys.isEmpty {
                let signal = way == "term" ? "TERM" : "SEGV"
                let killer = Process()
                killer.executableURL = URL(filePath: "/usr/bin/env")
                killer.arguments = ["pkill", "-\(signal)", "-f", "wal top \(log)"]
                try killer.run()
                killer.waitUntilExit()
            }
            _ = try screen.wait(for: "over-\(way)\n")
            #expect(try Data(contentsOf: scratch.file(way)) == Data(contentsOf: scratch.file("before")), "\(way)")
        }
        // Stopped by ctrl-Z, and continued.
        try screen.type("clear; \(top)")
        _ = try screen.wait(for: "1 log  2 sinks")
        try screen.run("send-keys", "C-z")
        // The shell would lose what is typed before.
        _ = try screen.wait(for: "Stopped")
        try screen.type("stty -g > \(scratch.path("z")); echo over-z")
        _ = try screen.wait(for: "over-z\n")
        #expect(try Data(contentsOf: scratch.file("z")) == Data(contentsOf: scratch.file("before")))
        try screen.type("clear; fg; echo over-fg")
        _ = try screen.wait(for: "1 log  2 sinks")
        try screen.run("send-keys", "q")
        _ = try screen.wait(for: "over-fg\n")
    }

    @Test func keysChooseThePaneAndTheSizeFollows() throws {
        try makeLog()
        guard let screen = try Screen(scratch.path("tmux"), width: 100, height: 30) else { return }
        defer { _ = try? screen.run("kill-server") }
        try screen.type("\(ToolRun.tool.path) top \(log) --interval 100ms")
        _ = try screen.wait(for: "last record             30")
        try screen.run("send-keys", "2")
        #expect(try screen.wait(for: "keeps alone").contains("slow"))
        try screen.run("send-keys", "3")
        _ = try screen.wait(for: "░ passed")
        try screen.run("send-keys", "5")
        _ = try screen.wait(for: "record 30")
        try screen.run("send-keys", "?")
        _ = try screen.wait(for: "sort sinks and cursors by")
        try screen.run("send-keys", "p")
        _ = try screen.wait(for: "paused")
        for (width, height) in [(60, 16), (200, 50)] {
            try screen.run("send-keys", "1")
            try screen.run("resize-window", "-x", "\(width)", "-y", "\(height)")
            let lines = try screen.wait(for: "last record             30").split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.allSatisfy { $0.count <= width })
        }
    }

    @Test(arguments: [(60, 16), (80, 24), (200, 50)]) func rowsAreFilteredAndCopied(_ width: Int, _ height: Int) throws
    {
        try makeLog()
        guard let screen = try Screen(scratch.path("tmux"), width: width, height: height) else { return }
        defer { _ = try? screen.run("kill-server") }
        try screen.run("set-option", "-s", "set-clipboard", "on")
        try screen.type("\(ToolRun.tool.path) top \(log) --interval 100ms --pane 5")
        _ = try screen.wait(for: "record 30")
        try screen.run("send-keys", "/", "RECORD 7")
        let typed = try screen.wait(for: "/RECORD 7_  1 of 30 rows")
        #expect(typed.contains("record 7") && !typed.contains("record 30"))
        try screen.run("send-keys", "Enter", "Down", "y")
        _ = try screen.wait(for: "/RECORD 7  1 of 30 rows  copied as JSON, ")
        #expect(try screen.run("capture-pane", "-p", "-e").contains("\u{1B}[7m7  "))
        let copied = try screen.run("show-buffer")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(copied.utf8)) as? [String: Any])
        #expect(json["sequence"] as? Int == 7 && (json["text"] as? String)?.hasPrefix("record 7 ") == true)
        try screen.run("send-keys", "/", "x", "Escape")
        _ = try screen.wait(for: "record 8")
    }

    @Test func aFrameRepaintsOnlyChangedRowsAndAKilledWriterIsSeen() throws {
        guard let screen = try Screen(scratch.path("tmux"), width: 80, height: 24) else { return }
        defer { _ = try? screen.run("kill-server") }
        let writer = try ToolRun.process(["append", log])
        let input = Pipe()
        writer.standardInput = input
        writer.standardOutput = FileHandle.nullDevice
        try writer.run()
        defer { kill(writer.processIdentifier, SIGKILL) }
        try input.fileHandleForWriting.write(contentsOf: Data("1\n".utf8))
        eventuallyBlocking(every: .milliseconds(50)) {
            let top = try? ToolRun(["top", log, "--batch", "1"])
            return top?.output.contains("last record             1\n") == true || !writer.isRunning
        }
        try #require(writer.isRunning)
        let painted = scratch.path("painted")
        try screen.run("pipe-pane", "cat > \(painted)")
        try screen.type("\(ToolRun.tool.path) top \(log) --interval 20ms")
        for number in 2...4 {
            try input.fileHandleForWriting.write(contentsOf: Data("\(number)\n".utf8))
            _ = try screen.wait(for: "last record             \(number)")
        }
        kill(writer.processIdentifier, SIGKILL)
        writer.waitUntilExit()
        _ = try screen.wait(for: "no writer: the last status is")
        try screen.run("send-keys", "q")
        _ = try screen.wait(for: "$")
        let text = try String(contentsOfFile: painted, encoding: .utf8)
        #expect(text.components(separatedBy: "\u{1B}[2J").count == 2, "the screen was cleared more than once")
        #expect(text.components(separatedBy: "5 tail").count == 2, "an unchanged row was painted")
    }

    #if Monitor
        @Test func aPageIsReadAsTheDirectoryIs() throws {
            try makeLog()
            let tokenFile = scratch.path("token")
            let server = try PageServer(scratch, [log], tokenFile: tokenFile)
            let url = ["top", "--url", server.address]
            for pane in ["1", "2", "3", "4", "5"] {
                let arguments = ["--batch", "1", "--pane", pane]
                let here = try ToolRun(["top", log] + arguments)
                let there = try ToolRun(url + ["--token-file", tokenFile] + arguments)
                #expect(here.status == 0 && there.status == 0, "\(there.errors)")
                // The free space may change at any time, and the page shows records differently.
                func fixed(_ text: String) -> [Substring] {
                    text.split(separator: "\n").filter { !$0.contains("free") }
                }
                if pane != "5" { #expect(fixed(here.output) == fixed(there.output)) }
                #expect(pane != "5" || there.output.contains("\n30  ") && there.output.contains("  record 30 "))
            }
            // Without the token, with a missing file, and with a token that other users can read.
            for (arguments, exit) in [
                (url, 64), (url + ["--token-file", scratch.path("none")], 74),
                (["top", "--url", "\(server.address)#t=\(server.token)"], 64),
                (["top", "--url", "https://localhost"], 64), (["top", "--url", "http://127.0.0.1:1"], 74),
                (["top", "--url", "\(server.address)elsewhere", "--token-file", tokenFile], 74),
            ] {
                let run = try ToolRun(arguments + ["--batch", "1"])
                #expect(run.status == exit && !run.errors.contains(server.token), "\(run.status) \(run.errors)")
            }
            #expect(server.stop() == 0)
        }

        @Test func aPageThatIsGoneIsReportedUntilItIsBack() throws {
            try makeLog()
            let tokenFile = scratch.path("token")
            let server = try PageServer(scratch, [log], port: PageServer.fixedPort, tokenFile: tokenFile)
            guard let screen = try Screen(scratch.path("tmux"), width: 80, height: 24) else { return }
            defer { _ = try? screen.run("kill-server") }
            let command = "\(ToolRun.tool.path) top --url \(server.address) --interval 100ms --pane 2"
            try screen.type("WAL_TOKEN=$(cat \(tokenFile)) \(command)")
            _ = try screen.wait(for: "keeps alone")
            #expect(server.stop() == 0)
            let gone = try screen.wait(for: "The page isn't reachable")
            #expect(gone.contains("slow") && gone.contains("✗ unknown"))
            let port = try #require(URL(string: server.address)?.port)
            let again = try PageServer(scratch, [log], port: "\(port)", tokenFile: tokenFile)
            _ = try screen.wait(for: "no writer since")
            #expect(again.stop() == 0)
        }
    #endif
}
