import ArgumentParser
import BenchmarkKit
import BenchmarkReport

@main
struct LinesSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lines", abstract: "The log call of a program, into a log, a stream and a file.",
        discussion: "Run by Benchmarks/run.")

    @OptionGroup var options: SuiteOptions

    func run() async throws {
        var suite = Suite("lines", options, rounds: (quick: 1, full: 5), cases: LogCalls.cases(options))
        try await suite.run(settings: [SuiteResults.Setting("swift-wal", "a budget of 1 GiB in segments of 16 MiB, 4 prepared")])
    }
}
