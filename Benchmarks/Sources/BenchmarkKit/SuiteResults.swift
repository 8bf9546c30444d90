public import BenchmarkReport
import Foundation

/// A suite's results for the report.
public struct SuiteResults: Codable, Sendable {
    /// The setup of a contender.
    public struct Setting: Codable, Sendable {
        public let contender: String
        public let version: String
        public let text: String

        public init(_ contender: String, version: String = "", _ text: String) {
            self.contender = contender
            self.version = version
            self.text = text
        }

        /// The setup as text.
        public var summary: String {
            "\(contender)\(version.isEmpty ? "" : " " + version): \(text)"
        }
    }

    public struct Latencies: Codable, Sendable {
        public let comparison: Comparison
        public let contender: Contender
        /// The latencies of all rounds.
        public let sample: LatencySample
    }

    public struct StallNote: Codable, Sendable {
        public let comparison: Comparison
        public let contender: Contender
        public let round: Int
        public let stall: Stall
    }

    /// The CPU use of processes that aren't part of the measurement, including the kernel's own threads.
    public struct Others: Codable, Sendable {
        public let comparison: Comparison
        public let contender: Contender
        public let round: Int
        public let cores: Double
    }

    public var settings: [Setting] = []
    public var samples: [Sample] = []
    public var latencies: [Latencies] = []
    public var stalls: [StallNote] = []
    public var others: [Others] = []

    public init() {}

    public init(contentsOf path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    public mutating func add(_ other: SuiteResults) {
        for setting in other.settings where !settings.contains(where: { $0.contender == setting.contender }) {
            settings.append(setting)
        }
        samples += other.samples
        latencies += other.latencies
        stalls += other.stalls
        others += other.others
    }

    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    }
}
