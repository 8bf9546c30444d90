/// The result of an ingest, as text and as JSON.
struct IngestSummary {
    var counts: IngestCounts
    var coalesced: UInt64
    var rowsWritten: UInt64
    var deadLetters: UInt64
    /// The number of records that the store didn't have yet when the input ended.
    var lag: UInt64
    /// The number of records that the store still doesn't have.
    var remaining: UInt64
    /// The number of records that the additional sink still doesn't have; nil without such a sink.
    var remainingInSink: UInt64?
    var readSeconds: Double
    var totalSeconds: Double
    /// The name of the signal that ended the ingest early.
    var stoppedBy: String?
    var badLines: [BadLine]
    var badLinesPath: String?
    var inputName: String
    /// The number of bytes after the last line end, which the next run ingests.
    var unfinishedBytes: Int

    private func rate(_ count: UInt64, _ seconds: Double) -> Int {
        Int(Double(count) / max(seconds, 0.000_001))
    }

    var json: JSON {
        .object([
            ("lines", JSON(counts.lines)),
            ("lines_before", JSON(counts.linesBefore)),
            ("tasks", JSON(counts.tasks)),
            ("activities", JSON(counts.activities)),
            ("others", JSON(counts.others)),
            ("bad_lines", JSON(counts.badLines)),
            ("bad_lines_file", JSON(badLinesPath)),
            ("unfinished_bytes", JSON(unfinishedBytes)),
            ("coalesced", JSON(coalesced)),
            ("rows_written", JSON(rowsWritten)),
            ("dead_letters", JSON(deadLetters)),
            ("lag_at_end_of_input", JSON(lag)),
            ("undelivered", JSON(remaining)),
            ("undelivered_to_sink", remainingInSink.map { JSON($0) } ?? .null),
            ("read_seconds", JSON(readSeconds)),
            ("seconds", JSON(totalSeconds)),
            ("lines_per_second_into_log", JSON(rate(counts.lines, readSeconds))),
            ("records_per_second", JSON(rate(counts.records, totalSeconds))),
            ("stopped_by", JSON(stoppedBy)),
        ])
    }

    var text: String {
        var rows = [
            (
                "lines",
                counts.linesBefore == 0 ? "\(counts.lines)" : "\(counts.lines), after \(counts.linesBefore) before"
            ),
            ("task updates", "\(counts.tasks)"),
            ("activities", "\(counts.activities)"),
            ("other changes", "\(counts.others)"),
            ("coalesced", "\(coalesced)"),
            ("rows written", "\(rowsWritten)"),
            ("into the log", "\(rate(counts.lines, readSeconds)) lines/s"),
            ("into the store", "\(rate(counts.records, totalSeconds)) records/s"),
            ("time", "\(Table.seconds(totalSeconds)), of which reading \(Table.seconds(readSeconds))"),
            ("lag", "\(lag) records when the input ended, \(remaining) now"),
        ]
        if let remainingInSink { rows.append(("lag of the sink", "\(remainingInSink) records")) }
        if deadLetters > 0 { rows.append(("dead letters", "\(deadLetters)")) }
        if counts.badLines > 0 { rows.append(("bad lines", "\(counts.badLines), kept in \(badLinesPath ?? "")")) }
        if unfinishedBytes > 0 {
            rows.append(("unfinished", "\(unfinishedBytes) bytes of an incomplete last line, left for the next run"))
        }
        if let stoppedBy { rows.append(("stopped by", "\(stoppedBy); run again to continue")) }
        return Table.pairs(rows)
    }

    /// The bad lines with their places, for standard error.
    var badLinesText: String {
        var text = ""
        for line in badLines { text += "\(LineIngester.message(of: line, in: inputName))\n" }
        let more = counts.badLines - UInt64(badLines.count)
        return more > 0 ? text + "and \(more) more\n" : text
    }
}
