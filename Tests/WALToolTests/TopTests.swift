import Foundation
import Testing
import WAL
import WALDelivery

@testable import WALMonitor
@testable import WALTool

/// A screen that is cut in the wrong place, or a terminal that stays in raw mode, is worse than no view.
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

    @Test(arguments: [60, 80, 200]) func eachRowFitsTheScreen(_ width: Int) throws {
        try makeLog()
        let readOnly = try ReadOnlyLog(at: log)
        let snapshot = try LogSnapshot(readOnly)
        var details = TopView.Details()
        details.segments = try readOnly.segments
        details.tail = ["1  \u{1B}[31m\u{202E}" + String(repeating: "猫e\u{301}", count: 200)]
        details.deadLetters = [
            DeadLetterRecord(
                sequence: 7, time: .now, sink: String(repeating: "長", count: 30), code: "23505", reason: "x\ny\u{7}",
                payload: [])
        ]
        var view = TopView()
        for pane in TopView.Pane.allCases {
            view.pane = pane
            for height in [16, 24, 50] {
                let rows = view.rows(snapshot, before: snapshot, details, height: height)
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
        #expect(try ToolRun(["top", log]).status == 64)
        #expect(try ToolRun(["top", log, "--pane", "6"]).status == 64)
    }

    // MARK: In a terminal

    /// A terminal of tmux with a server of its own, and a shell in it.
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
            // Keys that come before the shell are lost.
            _ = try wait(for: "$")
        }

        deinit { _ = try? run("kill-server") }

        @discardableResult func run(_ arguments: String...) throws -> String {
            let process = Process()
            // dash closes only descriptors of one digit.
            process.executableURL = URL(filePath: "/bin/bash")
            // The server stays, and keeps what it inherits. The end of this process is seen by a descriptor that it closes.
            let close = "for each in /proc/self/fd/*; do n=${each##*/}; [ $n -gt 2 ] && eval \"exec $n>&-\"; done"
            let file = socket + ".output"
            process.arguments =
                ["-c", "\(close); exec /usr/bin/tmux \"$@\" > \(file)", "tmux", "-S", socket] + arguments
            process.standardOutput = FileHandle.nullDevice
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
}
