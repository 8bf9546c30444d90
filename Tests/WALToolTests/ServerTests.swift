#if Postgres && MySQL
    import Foundation
    import Testing

    /// The servers that there are; with `REQUIRE_SERVERS=1` all, and tests fail for those that aren't there.
    private let kinds = ["postgres", "mariadb"].filter { kind in
        ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
            || system("command -v \(kind == "postgres" ? "pg_config" : "mariadbd") >/dev/null") == 0
    }

    /// Servers that are crashed under the tool, which is killed itself. `Scripts/crash-servers` does it with any input, as
    /// often as one likes.
    @Suite(.serialized, .enabled(if: !kinds.isEmpty, "no server: Scripts/install-dependencies --servers"))
    struct ServerTests {
        @Test(arguments: zip(kinds, [1, 4])) func nothingIsLostOrDouble(kind: String, workers: Int) throws {
            let scratch = try Scratch()
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Scripts/crash-servers").path()
            let output = scratch.path("output")
            // Not by Foundation's `Process`: it waits until every descendant is gone, and the server is one.
            let status = system(
                "WAL='\(ToolRun.tool.path())' '\(script)' \(kind) --workers \(workers) --kills 2 >'\(output)' 2>&1")
            let report = try String(contentsOfFile: output, encoding: .utf8)
            #expect(status == 0, "\(report)")
        }
    }
#endif
