import BenchmarkReport
import Foundation
import Histogram

/// Measures cases round by round, so that contenders take turns.
public struct Suite {
    private let name: String
    private let options: SuiteOptions
    private let cases: [Case]
    private let rounds: Int
    private var results = SuiteResults()
    private var histograms: [SeriesKey: Histogram<UInt64>] = [:]

    private struct SeriesKey: Hashable {
        let comparison: Comparison
        let contender: Contender
    }

    public init(_ name: String, _ options: SuiteOptions, rounds: (quick: Int, full: Int), cases: [Case]) {
        self.name = name
        self.options = options
        self.rounds = options.rounds ?? (options.quick ? rounds.quick : rounds.full)
        self.cases = cases.filter { options.wants($0) }
    }

    /// - Parameter settings: Each contender's setup, as text.
    public mutating func run(settings: [SuiteResults.Setting] = []) async throws {
        if options.list { return listMeasures() }
        results.settings = settings
        for setting in settings { Progress.say(setting.summary + "\n") }
        let groups = Dictionary(grouping: cases, by: \.comparison)
        for round in 0..<rounds {
            for comparison in cases.map(\.comparison).unique {
                let group = groups[comparison] ?? []
                for turn in 0..<(group.map(\.repeats).max() ?? 1) {
                    for item in group where turn < item.repeats {
                        try await measure(item, round * item.repeats + turn + 1)
                    }
                }
            }
        }
        results.latencies = histograms.map { key, histogram in
            SuiteResults.Latencies(
                comparison: key.comparison, contender: key.contender,
                sample: LatencySample(key.contender.name, histogram))
        }
        if let out = options.out { try results.write(to: out) }
        print(SamplesTable(results.samples).text)
    }

    private func listMeasures() {
        for name in cases.map(\.comparison.measure).unique { print(name) }
    }

    private mutating func measure(_ item: Case, _ round: Int) async throws {
        let scratch = try Scratch(in: options.scratch, memory: item.memory)
        defer { scratch.remove() }
        let company = Company()
        var outcome = try await item.run(scratch.path)
        let others = company.cores
        summarise(&outcome, item)
        results.samples += outcome.values.map {
            Sample(item.comparison, item.contender, round, $0.quantity, $0.value)
        }
        results.stalls += outcome.stalls.map {
            SuiteResults.StallNote(comparison: item.comparison, contender: item.contender, round: round, stall: $0)
        }
        let figures = outcome.values.map { SamplesTable.text($0.quantity, $0.value) }.joined(separator: "  ")
        results.others.append(
            SuiteResults.Others(comparison: item.comparison, contender: item.contender, round: round, cores: others))
        let warning = others > Company.noticeable ? "  (others used \(Figure.short(others)) cores)" : ""
        Progress.say("\(round)  \(item.comparison.text)  \(item.contender.name)  \(figures)\(warning)\n")
    }

    private mutating func summarise(_ outcome: inout Outcome, _ item: Case) {
        guard !outcome.latencies.isEmpty else { return }
        var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        for latency in outcome.latencies { histogram.record(UInt64(latency)) }
        outcome.add(.p50, Double(histogram.valueAtPercentile(50)))
        outcome.add(.p99, Double(histogram.valueAtPercentile(99)))
        outcome.add(.p999, Double(histogram.valueAtPercentile(99.9)))
        outcome.add(.slowest, Double(histogram.max))
        outcome.add(.stalls, Double(outcome.latencies.count { $0 > 1_000_000 }))
        let key = SeriesKey(comparison: item.comparison, contender: item.contender)
        if histograms[key] == nil { histograms[key] = Histogram(numberOfSignificantValueDigits: .three) }
        for latency in outcome.latencies { histograms[key]?.record(UInt64(latency)) }
    }
}
