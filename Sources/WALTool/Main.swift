import ArgumentParser
import WAL

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct Tool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wal",
        abstract: "Ingests task events into write-ahead logs, and inspects, checks and repairs logs.",
        discussion: """
            Exit codes: 0 success, 1 damage or a difference was found, 64 usage, 65 bad input, 74 input or output failed,
            75 another flusher has taken over the store. `wal help VERB` has the details of a verb.
            """,
        version: Version.text,
        subcommands: [
            Ingest.self, Inspect.self, Stat.self, Graph.self, Gaps.self, Dump.self, Hash.self, Verify.self, Repair.self,
            Backup.self, Restore.self,
            Follow.self, Promote.self, Tail.self, Replay.self, Sinks.self, Cursors.self, Metrics.self, Check.self,
            Doctor.self, TopCommand.self, Serve.self, DeadLetters.self, Tasks.self, Flow.self, Append.self, Bench.self,
        ])

    static func main() async {
        // This comes first, so that no file gets the number of a closed standard descriptor.
        StandardDescriptors.fill()
        // With this setting, a write past the file size limit fails with EFBIG. Otherwise a signal would end the
        // process.
        signal(SIGXFSZ, SIG_IGN)
        do {
            // Without arguments, the parser would print the help and exit with 0.
            guard !CommandLine.arguments.isEmpty else {
                throw ToolError(.inputOutput, "The arguments can't be read: mount /proc.")
            }
            try requireText()
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            fail(with: error)
        }
    }

    /// Throws for an argument that isn't UTF-8. The parser would repair it, so it would name another file.
    private static func requireText() throws(ToolError) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil else {
                continue
            }
            throw ToolError(.usage, "The argument \(index) isn't UTF-8. Rename the file, or name a link to it.")
        }
    }
}

// Within the type, `exit` would be the argument parser's function.
func leave(_ code: Int32) -> Never {
    exit(code)
}
