import ArgumentParser
import WAL

/// Tells of the gaps that a verb meets in a log: each on standard error.
struct GapReport {
    private(set) var losses: [LogGap] = []

    mutating func met(_ gap: LogGap) {
        StandardError.write("Gap: \(gap)\n")
        if gap.isLoss { losses.append(gap) }
    }

    /// Ends the verb with the code for damage where records that were acknowledged are missing, or may be.
    func finish() throws {
        if !losses.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}

extension LogGap {
    /// The members of a gap, `last` and `acknowledged` null where they aren't known.
    var json: JSON {
        .object([
            ("first", JSON(first.rawValue)),
            ("last", last.map { JSON($0.rawValue) } ?? .null),
            ("reason", .string(reason.rawValue)),
            ("acknowledged", isAcknowledged.map { .bool($0) } ?? .null),
            ("segment", JSON(segment)),
            ("offset", JSON(offset)),
            ("evidence", .string(evidence)),
        ])
    }

    /// A gap among the lines of records.
    var jsonLine: String { JSON.object([("gap", json)]).description }
}
