import BenchmarkReport
import Foundation

/// The files that a run leaves.
struct ResultFiles {
    let results: SinksResults
    let directory: String

    func write() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try write(encoder.encode(Document(results)), "results.json")
        try write(Data(SinksPage(results: results).html.utf8), "report.html")
        try write(Data(results.ratioChart.utf8), "chart.svg")
    }

    private func write(_ data: Data, _ name: String) throws {
        try data.write(to: URL(fileURLWithPath: directory).appendingPathComponent(name))
    }

    /// The shape of `results.json`.
    private struct Document: Encodable {
        let suite = "sinks"
        let date: Date
        let machine: Machine
        let compiler: String
        let revision: String
        let scale: Scale
        let stores: [DatabaseDescription]
        let goals: [Goal]
        let latencies: [LatencySample]
        let samples: [Sample]

        init(_ results: SinksResults) {
            date = results.date
            machine = results.machine
            compiler = results.compiler
            revision = results.revision
            scale = results.scale
            stores = results.stores
            goals = results.goals
            latencies = results.latencies.all
            samples = results.samples
        }
    }
}
