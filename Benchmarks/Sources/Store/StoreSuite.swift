import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import Contenders

@main
struct StoreSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Tasks through the buffered storage, the codec, compression, and what records take up.",
        discussion: "Run by Benchmarks/run.")

    @OptionGroup var options: SuiteOptions
    @Option(help: "Lines of JSON to compress.") var lines: String?

    func run() async throws {
        let cases =
            Buffered.cases(options) + Codec.cases(options) + Space.cases(options)
            + (try lines.map { try Compression.cases(options, lines: $0) } ?? [])
        var suite = Suite("store", options, rounds: (quick: 1, full: 5), cases: cases)
        try await suite.run()
    }
}
