import ArgumentParser
import WAL

/// Reports on standard error each gap that a verb finds in a log.
struct GapReport {
    private(set) var losses: [LogGap] = []

    mutating func met(_ gap: LogGap) {
        StandardError.write("Gap: \(gap)\n")
        if gap.isLoss { losses.append(gap) }
    }

    /// Throws the exit code for damage if acknowledged records are missing or may be missing.
    func finish() throws {
        if !losses.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}

extension LogGap {
    /// The gap as JSON. Unknown values of `last` and `acknowledged` are null.
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

    /// The gap as a line among the lines of records.
    var jsonLine: String { JSON.object([("gap", json)]).description }
}
