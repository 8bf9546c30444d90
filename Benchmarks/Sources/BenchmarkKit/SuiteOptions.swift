public import ArgumentParser
import BenchmarkReport

/// The options that all suites have.
public struct SuiteOptions: ParsableArguments {
    @Argument(help: "What to measure; everything if nothing is named. See --list.") public var measures: [String] = []
    @Flag(help: "Names what can be measured, and ends.") public var list = false
    @Flag(help: "Less of everything: to see that it works.") public var quick = false
    @Option(help: "How often everything is measured.") public var rounds: Int?
    @Option(name: .customLong("payload"), help: "Bytes a record; may be repeated.") public var payloads: [Int] = []
    @Option(name: .customLong("writers"), help: "Threads or tasks; may be repeated.") public var writers: [Int] = []
    @Option(name: .customLong("contender"), help: "Only those whose name begins so; may be repeated.")
    public var contenders: [String] = []
    @Option(help: "A directory for logs; what is left in it is removed.") public var scratch: String
    @Option(help: "The file for the samples; none if not given.") public var out: String?

    public init() {}

    public mutating func validate() throws {
        guard rounds ?? 1 >= 1 else { throw ValidationError("--rounds must be at least 1.") }
    }

    /// Returns the requested sizes to measure, or these if none was requested.
    public func payloads(quick: [Int], full: [Int]) -> [Int] {
        payloads.isEmpty ? (self.quick ? quick : full) : payloads
    }

    public func writers(quick: [Int], full: [Int]) -> [Int] {
        writers.isEmpty ? (self.quick ? quick : full) : writers
    }

    func wants(_ item: Case) -> Bool {
        (measures.isEmpty || measures.contains(item.comparison.measure))
            && (contenders.isEmpty || contenders.contains { item.contender.name.hasPrefix($0) })
    }
}
