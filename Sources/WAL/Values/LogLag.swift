/// The part of a log after a position: of a sink, or of another reader.
public struct LogLag: Hashable, Sendable, Decodable {
    /// The number of records.
    public var records: UInt64
    /// The approximate bytes of the log that these records take up.
    public var bytes: UInt64
    /// The time of the first of these records.
    public var oldest: Timestamp?

    package init(records: UInt64 = 0, bytes: UInt64 = 0, oldest: Timestamp? = nil) {
        self.records = records
        self.bytes = bytes
        self.oldest = oldest
    }

    /// The time that the first of these records has waited; zero if there are none.
    public var age: Duration { self.age(at: .now) }

    /// Returns the time that the first of these records had waited at a time; zero if there are none.
    public func age(at time: Timestamp) -> Duration {
        oldest.map { max(.zero, time - $0) } ?? .zero
    }
}
