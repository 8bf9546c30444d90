import BenchmarkKit
import BenchmarkReport
import Foundation

/// All results of a run.
struct Run {
    let date = Date()
    let machine: Machine
    let compiler: String
    let revision: String
    let isQuick: Bool
    let results: SuiteResults
    let set: SampleSet

    init(machine: Machine, compiler: String, revision: String, isQuick: Bool, parts: [SuiteResults]) {
        self.machine = machine
        self.compiler = compiler
        self.revision = revision
        self.isQuick = isQuick
        results = parts.reduce(into: SuiteResults()) { $0.add($1) }
        set = SampleSet(results.samples)
    }

    /// The shape of `results.json`.
    struct Document: Encodable {
        let date: Date
        let machine: Machine
        let compiler: String
        let revision: String
        let isQuick: Bool
        let goals: [Goal]
        let settings: [SuiteResults.Setting]
        let samples: [Sample]
        let latencies: [SuiteResults.Latencies]
        let stalls: [SuiteResults.StallNote]
        let others: [SuiteResults.Others]
    }

    var document: Document {
        Document(
            date: date, machine: machine, compiler: compiler, revision: revision, isQuick: isQuick, goals: goals,
            settings: results.settings, samples: results.samples, latencies: results.latencies, stalls: results.stalls,
            others: results.others)
    }

    /// Measurements with doubtful figures, because other processes used too much CPU time.
    var disturbed: Int { results.others.count { $0.cores > Company.noticeable } }
}
