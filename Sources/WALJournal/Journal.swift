public import WAL

/// A log of typed events.
///
/// A journal encodes each event as a record of a log, and stores the name and version of the event's type in the
/// record. A journal is a view of the log: several journals and other producers may use one log. Each journal returns
/// the records that it can't decode as undecodable.
///
/// All functions may be called from any thread or task at the same time.
public struct Journal<Event: Sendable>: Sendable {
    /// The log that contains the journal's records.
    public let log: WriteAheadLog
    /// The format of the events in the log's records.
    public let format: EventFormat<Event>

    /// Makes a journal in an open log.
    ///
    /// - Parameters:
    ///   - log: The log.
    ///   - format: The format of the journal's events.
    public init(_ log: WriteAheadLog, format: EventFormat<Event>) {
        self.log = log
        self.format = format
    }
}

extension Journal where Event: Codable {
    /// Makes a journal in an open log, whose events are JSON without a type name.
    ///
    /// - Parameter log: The log.
    public init(_ log: WriteAheadLog) {
        self.init(log, format: .json())
    }
}
