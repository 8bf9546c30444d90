import Foundation
import Testing

/// The tool's output ends up in terminals, service logs and bug reports, so it must not contain a password.
@Suite struct SecretTests {
    /// Addresses that don't work, each with the same password.
    static let addresses = [
        "postgres:host=127.0.0.1 port=1 user=app password=hunter2 dbname=tasks",
        "postgres:host=127.0.0.1 port=1 password='hunter2", "postgres:password=hunter2 nonsense",
        "postgres:hunter2", "postgres:hunter2=hunter2",
        "postgresql://app:hunter2@127.0.0.1:1/tasks", "postgres://app:x@hunter2@127.0.0.1:1/tasks",
        "postgres://app:1/hunter2@127.0.0.1:1/tasks", "postgres://app:hunter2@127.0.0.1:1/tasks?nonsense=1",
        "postgres://app:hunter2@127.0.0.1:0x/tasks", "postgres://app:hunter2%@127.0.0.1/tasks",
        "postgres://127.0.0.1:1/tasks?password=hunter2",
        "mysql://app:hunter2@127.0.0.1:1/tasks", "mariadb://app:hunter2@127.0.0.1:1/tasks",
        "mysql://app:x@hunter2@127.0.0.1:1/tasks", "mysql://app:1/hunter2@127.0.0.1/tasks",
        "mysql://app:1?hunter2@127.0.0.1/tasks", "mysql://app:hunter2@127.0.0.1", "mysql://app:hunter2",
        "postgres://app:hunter2", "sqlserver:hunter2",
        "postgress://app:hunter2@127.0.0.1/tasks", "//app:hunter2@127.0.0.1/tasks", "password=hunter2",
    ]

    private func expectSecret(_ arguments: [String]) throws {
        let run = try ToolRun(arguments)
        #expect(run.status != 0, "\(arguments)")
        expectSecret(run, arguments)
    }

    private func expectSecret(_ run: ToolRun, _ arguments: [String]) {
        #expect(!run.errors.isEmpty, "\(arguments)")
        #expect(!(run.output + run.errors).contains("hunter2"), "\(arguments): \(run.output)\(run.errors)")
    }

    @Test(arguments: addresses)
    func noPasswordIsInWhatTheToolSays(_ address: String) throws {
        let scratch = try Scratch()
        let log = scratch.path("log")
        let input = try scratch.file("events", lines: ["{}"])
        _ = try ToolRun(["append", log], input: input)
        try expectSecret(["sinks", log, "--json", "--store", address])
        if address.contains("//") || address.hasPrefix("postgres") {
            try expectSecret(["dead-letters", "--json", address])
        }
        try expectSecret(["replay", log, "--into", address])
        // This verb waits for a server that can't be reached.
        let ingest = ["ingest", "--log", log, "--store", address, "--drain-timeout", "0", input.path]
        expectSecret(try ToolRun(ingest, isStoppedByItsMessage: true), ingest)
    }

    /// Mistakes on the command line: an address in the wrong place.
    @Test(arguments: [
        addresses[0], "postgresql://app:hunter2@127.0.0.1:1/tasks", "mysql://app:hunter2@127.0.0.1:1/tasks",
        "password=hunter2",
    ])
    func noPasswordIsInWhatTheParserSays(_ address: String) throws {
        let scratch = try Scratch()
        let log = scratch.path("log")
        _ = try ToolRun(["append", log], input: scratch.file("events", lines: ["{}"]))
        try expectSecret(["sinks", log, address])
        try expectSecret(["sinks", log, "--stores", address])
        try expectSecret(["sinks", log, "--stores=\(address)"])
        try expectSecret(["tail", log, "--from", address])
    }
}
