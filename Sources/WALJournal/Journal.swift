public import WAL

/// A log of typed events.
///
/// A journal encodes each event into a record of a log, together with the name and version of its type. It is a view of the log:
/// several journals and other producers may use one log, and each journal returns the records that it can't decode as such.
/// All functions may be called from any thread and any task at the same time.
public struct Journal<Event: Sendable>: Sendable {
    /// The log.
    public let log: WriteAheadLog
    /// The form of the events in the log's records.
    public let format: EventFormat<Event>

    /// Makes a journal in an open log.
    public init(_ log: WriteAheadLog, format: EventFormat<Event>) {
        self.log = log
        self.format = format
    }
}

extension Journal where Event: Codable {
    /// Makes a journal in an open log, with JSON as the coding and without a type name.
    public init(_ log: WriteAheadLog) {
        self.init(log, format: .json())
    }
}
