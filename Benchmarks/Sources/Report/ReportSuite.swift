import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import Foundation

@main
struct ReportSuite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What the suites have measured, as a table, as results.json and as a page.",
        discussion: "Run by Benchmarks/run.")

    @Argument(help: "The suites' files.") var parts: [String]
    @Option(help: "Where the results go.") var out: String
    @Option(help: "The directory that was measured in.") var scratch: String
    @Option(help: "The text that RESULTS.md is made of.") var template: String
    @Option(help: "What is noted as the compiler's version.") var compiler = ""
    @Option(help: "What is noted as the revision of the package.") var revision = ""
    @Flag(help: "The run was a quick one.") var quick = false

    func run() throws {
        let run = try Run(
            machine: Machine(directory: scratch), compiler: compiler, revision: revision, isQuick: quick,
            parts: parts.map { try SuiteResults(contentsOf: $0) })
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try write(encoder.encode(run.document), "results.json")
        try write(Data(RunPage(run).html.utf8), "report.html")
        try write(Data(RunCharts(run).headline.utf8), "headline.svg")
        let text = try String(contentsOfFile: template, encoding: .utf8)
        try write(Data(RunText(run).results(template: text).utf8), "RESULTS.md")
        print(RunText(run).goals)
    }

    private func write(_ data: Data, _ name: String) throws {
        try data.write(to: URL(fileURLWithPath: out).appendingPathComponent(name))
    }
}
