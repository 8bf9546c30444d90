#if SQLite && Monitor
    import Foundation
    import Testing

    /// The live page in a real browser.
    struct BrowserTests {
        @Test func thePageIsAsItShouldBe() throws {
            let isRequired = ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
            guard isRequired || FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium") else { return }
            let scratch = try Scratch()
            let output = scratch.file("output")
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "python3",
                URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                    .appendingPathComponent("Browser/page.py").path,
                ToolRun.tool.path,
            ]
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = process.standardOutput
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\((try? String(contentsOf: output, encoding: .utf8)) ?? "")")
        }
    }
#endif
