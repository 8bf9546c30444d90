public import WAL

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The state of a log as another process sees it: the status that the writer published last, or else the state of the
/// files.
public struct LogSnapshot: Sendable {
    /// The largest age of a published status that counts as current. A writer publishes its status every second.
    public static let ageMax: Duration = .seconds(5)

    /// The name of the log. By default it is the last part of the directory's path.
    public var name: String
    /// The status of the log.
    public var status: LogStatus
    /// The time since the writer published the status; nil if the status comes from the files. It is negative after the
    /// clock was set back.
    public var age: Duration?
    /// The number of dead letters that are kept beside the log, by sink.
    public var keptDeadLetters: [String: UInt64] = [:]

    /// Returns the number of records that a sink has set aside. It adds the dead letters beside the log to those that
    /// the sink itself has stored since the writer started.
    ///
    /// - Parameter sink: The status of the sink.
    public func deadLetterCount(of sink: SinkStatus) -> UInt64 {
        let kept = keptDeadLetters[sink.name, default: 0]
        // An older version counts both kinds in one number.
        guard let inSink = sink.deadLettersInSink else { return max(kept, sink.deadLetters) }
        // A forged status may contain any number.
        return kept.addingClamped(inSink)
    }

    /// Whether a writer has the log open: it has published a status within the last ``ageMax``, and hasn't closed the
    /// log.
    ///
    /// A time that is farther in the future than ``ageMax`` comes from before the clock was set back, and doesn't
    /// count.
    public var isUp: Bool {
        status.closedAt == nil && age.map { $0 <= Self.ageMax && .zero - $0 <= Self.ageMax } ?? false
    }

    /// Makes a snapshot of a log that is open in this process.
    ///
    /// - Parameters:
    ///   - log: The log.
    ///   - name: The name for metrics. Without it, the last part of the directory's path.
    public init(_ log: WriteAheadLog, name: String? = nil) {
        self.name = name ?? WALMetric.logName(log.directory)
        status = log.status
        age = .zero
    }

    /// Reads the state of a log from its directory. Blocks while it reads the files. Takes no lock and changes nothing.
    ///
    /// If the writer has published no status, or a newer version published it, the figures come from the files. Then
    /// the figures of the writer's process are zero.
    ///
    /// - Parameters:
    ///   - log: The log.
    ///   - name: The name for metrics. Without it, the last part of the directory's path.
    /// - Throws: `WALError.Code.inputOutput`; `untrusted`.
    public init(_ log: ReadOnlyLog, name: String? = nil) throws(WALError) {
        self.name = name ?? WALMetric.logName(log.directory)
        if let published = Self.decode(try log.publishedStatus) {
            status = published
            age = Timestamp.now - published.time
        } else {
            status = try log.surveyedStatus
        }
    }

    /// The members of a live page's status that don't come from the writer.
    private struct PageMembers: Decodable {
        var name: String
        var ageMs: Int64?
        var keptDeadLetters: [String: UInt64]
    }

    /// Decodes the answer of a live page to `GET /api/v1/status?integers=numbers`. Returns nil if the bytes aren't such
    /// an answer.
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
