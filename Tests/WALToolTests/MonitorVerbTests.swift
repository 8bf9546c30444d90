import Foundation
import TestSupport
import Testing
import WAL
import WALMonitor

@testable import WALTool

/// An operator has these verbs and the directory.
struct MonitorVerbTests {
    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("log")
    }

    /// A running `wal append` with an open standard input. It has one line to append.
    private func writer() throws -> (process: Process, input: Pipe) {
        let process = try ToolRun.process(["append", log])
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data("secret payload\n".utf8))
        return (process, input)
    }

    @Test func aKilledWriterIsDownWithinSeconds() throws {
        let (process, input) = try writer()
        defer { try? input.fileHandleForWriting.close() }
        try eventuallyBlocking(every: .milliseconds(50)) {
            try ToolRun(["metrics", log]).output.contains("wal_last_sequence{log=\"log\"} 1\n")
        }
        let running = try ToolRun.repeated(["metrics", log]) { $0.output.contains("wal_up{log=\"log\"} 1\n") }
        #expect(running.output.contains("wal_up{log=\"log\"} 1\n"))
        #expect(running.output.contains("wal_accepting_appends{log=\"log\"} 1\n"))
        #expect(try ToolRun(["metrics", "--open-metrics", log]).output.hasSuffix("# EOF\n"))
        // The limits ignore this machine's own disk.
        let check = ["check", log, "--disk", "100.1,100.1", "--sync-p99", "100s,100s"]
        let sound = try ToolRun.repeated(check) { $0.status == 0 }
        #expect(sound.status == 0, "\(sound.output)")
        let plugin = try ToolRun.repeated(check + ["--format", "nagios"]) { $0.status == 0 }
        #expect(plugin.output.hasPrefix("WAL OK - process \(process.processIdentifier) has the log open"))
        #expect(plugin.output.contains(" | 'writer'=1.0 'accepting'=1.0 'disk'="))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try eventuallyBlocking(every: .milliseconds(50)) {
            try ToolRun(["metrics", log]).output.contains("wal_up{log=\"log\"} 0\n")
        }
        let dead = try ToolRun(check)
        #expect(dead.status == 2 && dead.output.hasPrefix("✗ no writer: the last status is "), "\(dead.output)")
        #expect(dead.output.contains(". Next: start the service; "), "\(dead.output)")
        #expect(try ToolRun(check + ["--format", "nagios"]).output.hasPrefix("WAL CRITICAL - no writer"))
    }

    /// Prometheus' node exporter drops all metrics of its files if two of them are the same series.
    @Test func logsOfOneNameAreRefused() throws {
        let logs = ["a", "b"].map { scratch.path($0) + "/log" }
        for (place, log) in zip(["a", "b"], logs) {
            try FileManager.default.createDirectory(atPath: scratch.path(place), withIntermediateDirectories: false)
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
        }
        let run = try ToolRun(["metrics"] + logs)
        #expect(run.status == 64 && run.output == "" && run.errors.contains("the name log,"), "\(run)")
        #expect(try ToolRun(["metrics", logs[0]]).status == 0)
    }

    @Test func limitsAreCheckedAndUnknownIsThree() throws {
        for (format, start) in [("text", "? "), ("nagios", "WAL UNKNOWN - "), ("json", #"{"verdict":"UNKNOWN","#)] {
            let run = try ToolRun(["check", log, "--format", format])
            #expect(run.status == 3 && run.output.hasPrefix(start), "\(run)")
        }
        try WriteAheadLog.openBlocking(at: log).closeBlocking()
        for bad in ["5", "5,4", "a,b", "1,2,3"] {
            #expect(try ToolRun(["check", log, "--disk", bad]).status == 64, "\(bad)")
        }
        // A limit of 0 would always be a warning.
        #expect(try ToolRun(["check", log, "--dead-letters", "0.5,2"]).status == 64)
        let closed = try ToolRun(["check", log, "--format", "json"])
        #expect(closed.status == 2)
        #expect(try closed.json["verdict"] as? String == "CRITICAL")
        let mistyped = try ToolRun(["check", log, "--store", "sqlit:x"]).output
        #expect(mistyped.contains("a store isn't reachable: The argument is not a store."), "\(mistyped)")
    }

    /// A program may use a name from its users for a sink. Monitoring systems split the figures of a plugin at quotes.
    @Test func aSinksNameStaysInItsFigure() {
        var item = LogCheck.Item("lag", .ok, "no lag")
        item.sink = "ann's|a=b\n"
        #expect(Check.pluginLine([item]) == "WAL OK - no lag | 'lag_ann''s/a_b\\n'=0.0")
    }

    @Test func theDoctorNamesTroublesAndNextSteps() throws {
        #expect(try ToolRun(["doctor", log]).status == 3)
        let (process, input) = try writer()
        try eventuallyBlocking(every: .milliseconds(50)) {
            try ToolRun(["metrics", log]).output.contains("wal_last_sequence{log=\"log\"} 1\n")
        }
        let run = try ToolRun.repeated(["doctor", log, "--json"]) {
            $0.output.contains("holds the lock and publishes the status")
        }
        let items = try #require(try run.json["items"] as? [[String: Any]])
        func item(_ name: String) -> [String: Any]? { items.first { $0["name"] as? String == name } }
        #expect(
            item("lock")?["text"] as? String
                == "process \(process.processIdentifier) holds the lock and publishes the status")
        for name in ["writer", "accepting", "owner", "segments", "libraries"] {
            #expect(item(name)?["verdict"] as? String == "OK", "\(name)")
        }
        #expect(item("storage") != nil)
        for item in items where item["verdict"] as? String != "OK" { #expect(item["next"] is String, "\(item)") }

        try FileManager.default.createDirectory(atPath: log + "/damaged", withIntermediateDirectories: false)
        try Data(count: 2048).write(to: URL(filePath: log + "/damaged/7-0.wal"))
        #expect(
            try ToolRun(["doctor", log]).output.contains(
                "! openings have set aside 2.0 KiB of damaged files. Next: keep them as evidence, or delete "))

        chmod(log, 0o722)
        let open = try ToolRun(["doctor", log])
        #expect(
            open.status == 2
                && open.output.contains(
                    "✗ owned by user \(geteuid()), mode 722: other users can write to it. Next: chmod go-w")
        )
        chmod(log, 0o700)
        kill(process.processIdentifier, SIGSTOP)
        try eventuallyBlocking(every: .milliseconds(50)) {
            try ToolRun(["doctor", log]).output.contains("holds the lock and publishes no status")
        }
        kill(process.processIdentifier, SIGCONT)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Monitoring knows the exit codes 0 to 3 alone.
    @Test func whatCannotBeExaminedIsUnknown() throws {
        let loop = scratch.path("loop")
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
        let linked = try ToolRun(["doctor", loop])
        #expect(linked.status == 3 && linked.output.contains("is a symbolic link"), "\(linked)")
        #expect(!linked.output.contains("name a log's directory"), "\(linked.output)")
        try WriteAheadLog.openBlocking(at: log).closeBlocking()
        try Data().write(to: URL(filePath: log + "/dead-letters"))
        let run = try ToolRun(["doctor", log])
        #expect(run.status == 3 && run.output.hasPrefix("? "), "\(run)")
    }

    @Test func theBundleHasNoPayloadsAndAddresses() throws {
        let (process, input) = try writer()
        try eventuallyBlocking(every: .milliseconds(50)) {
            try ToolRun(["metrics", log]).output.contains("wal_last_sequence{log=\"log\"} 1\n")
        }
        let bundle = scratch.path("report.tar")
        _ = try ToolRun(["doctor", log, "--bundle", bundle, "--store", "sqlite:\(scratch.path("secret.db"))"])
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "-xf", bundle, "-C", scratch.directory.path]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        for name in ["report.json", "status.json", "segments.json"] {
            let text = try String(contentsOf: scratch.file(name), encoding: .utf8)
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
            for hidden in ["secret", scratch.directory.path] { #expect(!text.contains(hidden), "\(name): \(hidden)") }
        }
        #expect(try String(contentsOf: scratch.file("version.txt"), encoding: .utf8).hasPrefix("wal "))
        // The device of a mounted share is an address.
        let status = try String(contentsOf: scratch.file("status.json"), encoding: .utf8)
        let storage = try #require(ReadOnlyLog(at: log).storage.device)
        #expect(status.contains(#""device":null,"mount_options":null"#), "\(status)")
        for name in ["report.json", "status.json"] {
            let text = try String(contentsOf: scratch.file(name), encoding: .utf8)
            #expect(!text.contains(" on \(storage)"), "\(text)")
        }
    }

    /// A directory's name may be a word of the report.
    @Test func theBundleOfARelativeDirectoryHasItsKeys() throws {
        try WriteAheadLog.openBlocking(at: log).closeBlocking()
        let process = try ToolRun.process(["doctor", "log", "--bundle", "report.tar"])
        process.currentDirectoryURL = scratch.directory
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let bundle = String(decoding: try Data(contentsOf: scratch.file("report.tar")), as: UTF8.self)
        #expect(bundle.contains(#""log_id":""#) && bundle.contains(#""path":"./0"#), "\(bundle)")
    }

    @Test func theProbeTimesSyncsAndLeavesNothing() throws {
        try WriteAheadLog.openBlocking(at: log).closeBlocking()
        let before = try FileManager.default.contentsOfDirectory(atPath: log).sorted()
        let run = try ToolRun(["doctor", log, "--probe"])
        #expect(run.output.contains(" syncs of 4 KiB: at least "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: log).sorted() == before)
    }
}
