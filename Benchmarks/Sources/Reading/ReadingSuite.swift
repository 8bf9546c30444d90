import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import Contenders

@main
struct ReadingSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reading", abstract: "Reading, finding, following and opening logs.",
        discussion: "Run by Benchmarks/run.", subcommands: [Measure.self, Fill.self, Watch.self, ManyLogs.Child.self],
        defaultSubcommand: Measure.self)

    struct Measure: AsyncParsableCommand {
        @OptionGroup var options: SuiteOptions

        func run() async throws {
            let cases =
                Sequential.cases(options) + Scan.cases(options) + Finding.cases(options) + History.cases(options)
                + Following.cases(options) + ManyLogs.cases(options)
            var suite = Suite("reading", options, rounds: (quick: 1, full: 3), cases: cases)
            try await suite.run(settings: [SuiteResults.Setting("swift-wal", LogUnderTest.settings)])
        }
    }
}
