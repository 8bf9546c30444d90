public import WAL

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The state of a log as another process sees it: what its writer published last, or else what its files say.
public struct LogSnapshot: Sendable {
    /// The age up to which a published status counts as current. A writer publishes one each second.
    public static let ageMax: Duration = .seconds(5)

    /// The name of the log: the last part of its directory's path, unless it was given another.
    public var name: String
    public var status: LogStatus
    /// The time since the writer published the status; nil if the status comes from the files. Negative after the clock was set back.
    public var age: Duration?
    /// The dead letters that are kept beside the log, by sink.
    public var keptDeadLetters: [String: UInt64] = [:]

    /// Returns the number of a sink's records that are set aside: those beside the log now, and those that the sink has
    /// kept itself since the writer's start.
    public func deadLetterCount(of sink: SinkStatus) -> UInt64 {
        let kept = keptDeadLetters[sink.name, default: 0]
        // The status of an older version counts them together.
        guard let inSink = sink.deadLettersInSink else { return max(kept, sink.deadLetters) }
        // A forged status has any number.
        let (sum, isTooLarge) = kept.addingReportingOverflow(inSink)
        return isTooLarge ? .max : sum
    }

    /// Whether a writer has the log open: it has published a status at most ``ageMax`` ago, and hasn't closed the log. A time that is further
    /// in the future is one from before the clock was set back.
    public var isUp: Bool {
        status.closedAt == nil && age.map { $0 <= Self.ageMax && .zero - $0 <= Self.ageMax } ?? false
    }

    /// Makes a snapshot of a log that is open in this process.
    public init(_ log: WriteAheadLog, name: String? = nil) {
        self.name = name ?? WALMetric.logName(log.directory)
        status = log.status
        age = .zero
    }

    /// Reads the state of a log from its directory. Takes no lock and changes nothing.
    ///
    /// If the writer has published no status, or a newer version has, the figures come from the files. Those of the writer's process are zero
    /// then.
    ///
    /// - Parameters:
    ///   - log: The log.
    ///   - name: The name for metrics. Without it, the last part of the directory's path.
    /// - Throws: `inputOutput`, `untrusted`.
    public init(_ log: ReadOnlyLog, name: String? = nil) throws(WALError) {
        self.name = name ?? WALMetric.logName(log.directory)
        if let published = Self.decode(try log.publishedStatus) {
            status = published
            age = Timestamp.now - published.time
        } else {
            status = try log.surveyedStatus
        }
    }

    /// The members of a live page's status that aren't the writer's.
    private struct PageMembers: Decodable {
        var name: String
        var ageMs: Int64?
        var keptDeadLetters: [String: UInt64]
    }

    /// Takes the answer of a live page to `GET /api/v1/status?integers=numbers`. Nil if it isn't one.
    package init?(json: [UInt8]) {
        guard let status = Self.decode(json), let page = try? Self.decoder.decode(PageMembers.self, from: Data(json))
        else { return nil }
        name = page.name
        self.status = status
        age = page.ageMs.map { .milliseconds($0) }
        keptDeadLetters = page.keptDeadLetters
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private static func decode(_ text: [UInt8]?) -> LogStatus? {
        text.flatMap { try? decoder.decode(LogStatus.self, from: Data($0)) }
    }
}
