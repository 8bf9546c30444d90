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
        abstract: "Works with write-ahead logs: takes task events in, looks into logs, checks and repairs them.",
        discussion: """
            Exit codes: 0 fine, 1 damage or a difference was found, 64 usage, 65 bad input, 74 input or output failed,
            75 another flusher has taken over the store.
            """,
        version: Version.text,
        subcommands: [
            Ingest.self, Inspect.self, Dump.self, Verify.self, Repair.self, Tail.self, Replay.self, Sinks.self,
            Cursors.self, DeadLetters.self, Append.self, Bench.self,
        ])

    static func main() async {
        // Before anything is opened that would get their numbers.
        StandardDescriptors.fill()
        // Output that reaches the limit of file sizes is an error like others.
        signal(SIGXFSZ, SIG_IGN)
        do {
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
}
