import ArgumentParser
import WAL

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a log on this machine's disk, in a few seconds.",
        discussion: """
            Writes up to 2 GiB (less with fewer --records) into a new directory, and removes it afterwards, also after
            SIGINT or SIGTERM. The figures are for records of 256 bytes. Other load on the machine changes them: run it
            more than once.

            Example: wal bench --directory /var/lib/myservice
            """)

    @Option(help: "A directory on the disk to measure.", completion: .directory) var directory = "."
    @Option(help: "The duration of each durable measurement, in seconds.") var seconds = 2.0
    @Option(help: "The number of records for the figures of writing and recovery.") var records = 4_000_000
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard seconds > 0, seconds <= 60 else { throw ValidationError("--seconds must be above 0 and at most 60.") }
        guard records >= 1 else { throw ValidationError("--records must be at least 1.") }
    }

    func run() async throws {
        // This comes first, so that a signal never finds a directory that nothing removes.
        let stop = try StopSignal()
        stop.catchSignals()
        let scratch = try ScratchDirectory(in: directory)
        defer { scratch.remove() }
        try NamedThread.start("wal-bench") { scratch.removeAtSignal(of: stop) }
        let suite = BenchSuite(
            directory: scratch.path, duration: .milliseconds(Int(seconds * 1000)),
            recordCount: records)
        var results: [BenchResult] = []
        for measurement in [suite.written, suite.durableAlone, suite.durableTogether, suite.recovery] {
            let result = try await measurement()
            if !json { try StandardOutput.print(result.text) }
            results.append(result)
        }
        if json { try StandardOutput.print(JSON.object(results.map { ($0.key, $0.json) }).description) }
    }
}
