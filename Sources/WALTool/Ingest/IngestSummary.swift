import WALDelivery

/// The result of an ingest, as text and as JSON.
struct IngestSummary {
    var outcome: LineIngester.Outcome
    var statistics: FlusherStatistics
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
    var inputName: String

    private var counts: IngestCounts { outcome.counts }

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
            ("bad_lines_file", JSON(outcome.badLinesPath)),
            ("unfinished_bytes", JSON(outcome.unfinishedBytes)),
            ("coalesced", JSON(statistics.coalesced)),
            ("rows_written", JSON(statistics.rowsWritten)),
            ("dead_letters", JSON(statistics.deadLetters)),
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
            ("coalesced", "\(statistics.coalesced)"),
            ("rows written", "\(statistics.rowsWritten)"),
            ("into the log", "\(rate(counts.lines, readSeconds)) lines/s"),
            ("into the store", "\(rate(counts.records, totalSeconds)) records/s"),
            ("time", "\(Table.seconds(totalSeconds)), of which reading \(Table.seconds(readSeconds))"),
            ("lag", "\(lag) records when the input ended, \(remaining) now"),
        ]
        if let remainingInSink { rows.append(("lag of the sink", "\(remainingInSink) records")) }
        if statistics.deadLetters > 0 { rows.append(("dead letters", "\(statistics.deadLetters)")) }
        if counts.badLines > 0 {
            rows.append(("bad lines", "\(counts.badLines), kept in \(outcome.badLinesPath ?? "")"))
        }
        let unfinished = outcome.unfinishedBytes
        if unfinished > 0 {
            rows.append(("unfinished", "\(unfinished) bytes of an incomplete last line, left for the next run"))
        }
        if let stoppedBy { rows.append(("stopped by", "\(stoppedBy); run again to continue")) }
        return Table.pairs(rows)
    }

    /// The bad lines with their places, for standard error.
    var badLinesText: String {
        var text = ""
        for line in outcome.shown { text += "\(LineIngester.message(of: line, in: inputName))\n" }
        let more = counts.badLines - UInt64(outcome.shown.count)
        return more > 0 ? text + "and \(more) more\n" : text
    }
}
