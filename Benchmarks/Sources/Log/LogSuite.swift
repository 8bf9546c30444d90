import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import Contenders

@main
struct LogSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Appending to the log, beside the machine's limits and other libraries.",
        discussion: "Run by Benchmarks/run.")

    @OptionGroup var options: SuiteOptions

    func run() async throws {
        let cases =
            Written.bursts(options) + Written.rolling(options) + WrittenLatency.cases(options)
            + AppendForms.cases(options) + JournalAppends.cases(options) + Durable.cases(options)
            + DurableBatches.cases(options) + DurableTasks.cases(options)
        var suite = Suite("log", options, rounds: (quick: 1, full: 3), cases: cases)
        try await suite.run(
            settings: [SuiteResults.Setting("swift-wal", LogUnderTest.settings)] + Peer.all.map(\.setting))
    }
}
