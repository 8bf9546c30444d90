/// The circumstances that all contenders share.
public struct Setup: Codable, Hashable, Sendable {
    /// Bytes in a record.
    public var payload: Int?
    /// Threads or tasks that append at the same time.
    public var writers: Int?
    /// Bytes that are in the log already.
    public var history: Int?
    /// Logs that the process has open.
    public var logs: Int?

    public init(payload: Int? = nil, writers: Int? = nil, history: Int? = nil, logs: Int? = nil) {
        self.payload = payload
        self.writers = writers
        self.history = history
        self.logs = logs
    }

    /// The description as text.
    public var text: String {
        var parts: [String] = []
        if let payload { parts.append("\(payload) B") }
        if let writers { parts.append("× \(writers)") }
        if let history { parts.append("\(Figure.short(Double(history) / Double(1 << 30))) GiB") }
        if let logs { parts.append("\(logs) logs") }
        return parts.joined(separator: ", ")
    }
}

/// The contender that is measured.
public struct Contender: Codable, Hashable, Sendable {
    public enum Role: String, Codable, Sendable {
        case ours, peer, limit
    }

    public let name: String
    public let role: Role

    public init(_ name: String, _ role: Role) {
        self.name = name
        self.role = role
    }

    public static let log = Contender("swift-wal", .ours)
}

/// The work that is compared; every contender does it.
public struct Comparison: Codable, Hashable, Sendable {
    public let measure: String
    public let setup: Setup

    public init(_ measure: String, _ setup: Setup = Setup()) {
        self.measure = measure
        self.setup = setup
    }

    public var text: String {
        setup.text.isEmpty ? measure : "\(measure), \(setup.text)"
    }
}

/// The unit and meaning of a number.
public enum Quantity: String, Codable, Sendable {
    case recordsPerSecond = "records/s"
    case bytesPerSecond = "B/s"
    case nanoseconds = "ns"
    /// Opening a log that was closed.
    case open = "open ns"
    /// Opening a log whose process was killed.
    case openKilled = "open after kill -9 ns"
    case openKilledDurable = "open after kill -9, all durable ns"
    case close = "close ns"
    /// The part of the opening that a verified read of the scanned bytes takes.
    case scan = "scan ns"
    case seek = "seek ns"
    case seekByTime = "seek by time ns"
    case p50 = "p50 ns"
    case p99 = "p99 ns"
    case p999 = "p99.9 ns"
    case slowest = "max ns"
    /// Calls that took over a millisecond.
    case stalls = "over 1 ms"
    case residentBytes = "B resident"
    case threads = "threads"
    case bytesPerRecord = "B/record"
    /// Bytes on the disk for a byte of payload.
    case bytesPerByte = "B/B"
    /// Log lines that were dropped.
    case dropped = "dropped/call"
    case allocations = "allocations/call"
    /// The count for all threads of the process, including the maintenance of segments.
    case allocationsOfAll = "allocations of all threads/call"
}

/// One number of one round.
public struct Sample: Codable, Sendable {
    public let comparison: Comparison
    public let contender: Contender
    public let round: Int
    public let quantity: Quantity
    public let value: Double

    public init(_ comparison: Comparison, _ contender: Contender, _ round: Int, _ quantity: Quantity, _ value: Double) {
        self.comparison = comparison
        self.contender = contender
        self.round = round
        self.quantity = quantity
        self.value = value
    }
}
