import ArgumentParser
import WAL

/// The output of `graph`: the numbers of records and bytes in intervals of equal length.
struct LogGraph {
    private struct Row {
        var time: Timestamp
        var recordCount: UInt64 = 0
        var byteCount: UInt64 = 0
    }

    private static let rowsWanted = 60
    private static let rowsMax = 10_000
    private static let barWidth = 40
    /// The lengths of intervals that are familiar to people, in seconds.
    private static let intervals: [Int64] = [
        1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 30 * 86400,
        365 * 86400,
    ]

    private var rows: [Row] = []

    /// Adds up the steps in intervals, which begin at multiples of their length.
    ///
    /// - Parameter interval: The length of an interval; nil chooses a length.
    init(_ steps: [LogStep], by interval: Duration?) throws {
        guard let first = steps.map(\.time.rawValue).min(), let last = steps.map(\.time.rawValue).max() else { return }
        // A forged footer can have any times and numbers, so their distances may need all 64 bits.
        let span = UInt64(bitPattern: last &- first)
        let chosen =
            Self.intervals.first { span / (UInt64($0) * 1_000_000) < UInt64(Self.rowsWanted) } ?? 365 * 86400
        let length = interval.map { max(1, Int64($0 / .microseconds(1))) } ?? chosen * 1_000_000
        // The remainder of a time before 1970 is negative.
        let offset = (first % length + length) % length
        let start = first < .min + offset ? .min : first - offset
        let highest = UInt64(bitPattern: last &- start) / UInt64(length)
        guard highest < UInt64(Self.rowsMax) else {
            throw ValidationError(
                "--by gives \(highest.addingClamped(1)) intervals, and there can be \(Self.rowsMax). Choose longer ones."
            )
        }
        rows = (0...Int64(highest)).map { Row(time: Timestamp(rawValue: start &+ $0 &* length)) }
        for step in steps {
            let index = Int(UInt64(bitPattern: step.time.rawValue &- start) / UInt64(length))
            rows[index].recordCount = rows[index].recordCount.addingClamped(step.recordCount)
            rows[index].byteCount = rows[index].byteCount.addingClamped(step.byteCount)
        }
    }

    var text: String {
        guard let most = rows.map(\.recordCount).max(), most > 0 else { return "no records" }
        return Table.columns(
            ["time", "records", "size", ""], right: [1, 2],
            rows.map { row in
                let filled = Int((Double(row.recordCount) / Double(most) * Double(Self.barWidth)).rounded(.up))
                return [
                    row.time.description, "\(row.recordCount)", Table.bytes(row.byteCount),
                    String(repeating: "█", count: filled),
                ]
            })
    }

    var json: String {
        rows.map { row in
            JSON.object([
                ("time", .string(row.time.description)), ("records", JSON(row.recordCount)),
                ("bytes", JSON(row.byteCount)),
            ]).description
        }.joined(separator: "\n")
    }
}
