#if Postgres && MySQL
    import Foundation
    import Testing

    private let environment = ProcessInfo.processInfo.environment

    /// The installed servers. With `REQUIRE_SERVERS=1`, all of them, so that tests fail without one. A stream takes longer.
    private let kinds = [("postgres", "pg_config", 1), ("mariadb", "mariadbd", 4), ("nats", "nats-server", 2)].filter {
        kind in
        (kind.0 != "nats" || environment["WAL_LONG"] != nil)
            && (environment["REQUIRE_SERVERS"] == "1" || system("command -v \(kind.1) >/dev/null") == 0)
    }

    /// Servers crash while the tool runs, and the tool itself is killed. `Scripts/crash-servers` repeats this with any input.
    @Suite(.serialized, .enabled(if: !kinds.isEmpty, "no server: Scripts/install-dependencies --servers"))
    struct ServerTests {
        @Test(arguments: kinds.map { ($0.0, $0.2) }) func nothingIsLostOrDouble(kind: String, workers: Int) throws {
            let scratch = try Scratch()
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Scripts/crash-servers").path()
            let output = scratch.path("output")
            // Doesn't use Foundation's `Process`, which waits until every descendant has ended, including the server.
            let status = system(
                "WAL='\(ToolRun.tool.path())' '\(script)' \(kind) --workers \(workers) --kills 2 >'\(output)' 2>&1")
            let report = try String(contentsOfFile: output, encoding: .utf8)
            #expect(status == 0, "\(report)")
        }
    }
#endif
