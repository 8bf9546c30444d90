internal import WAL

extension WALError {
    static var waitCancelled: WALError {
        WALError(.cancelled, "The task was canceled while it waited.")
    }

    static func flusherStopped(_ sink: String) -> WALError {
        WALError(.closed, "The flusher into \(sink) has stopped. The next flusher delivers the remaining records.")
    }

    static func flusherRunTwice(_ sink: String) -> WALError {
        WALError(.invalidArgument, "The flusher into \(sink) was run before. Make a new one.")
    }

    static func flusherCancelled(_ sink: String) -> WALError {
        WALError(.cancelled, "The flusher into \(sink) was canceled. The next flusher delivers the remaining records.")
    }

    static func fenced(_ sink: String, cause: (any Error)? = nil) -> WALError {
        WALError(
            .fenced,
            "Another flusher has claimed the lanes of \(sink). Ensure that only one runs, then start it again.",
            cause: cause)
    }

    static func sinkFailed(_ sink: String, _ what: String, cause: (any Error)? = nil) -> WALError {
        WALError(
            .sinkFailed,
            "The sink \(sink) \(what). No record was skipped. Remove the cause and start the flusher again.",
            cause: cause)
    }

    static func sinkAhead(
        _ sink: String, _ lane: SinkLane, last: SequenceNumber,
        remedy: String = "Start the flusher again: it continues with unused sequence numbers."
    ) -> WALError {
        WALError(
            .sinkAhead,
            """
            The sink \(sink) has applied lane \(lane.index) up to record \(lane.position), but the log ended at \(last). The \
            log is an older copy. \(remedy)
            """)
    }

    static func recordsOwed(_ owed: [OwedRecords], by sink: some Sink, directory: String) -> WALError {
        WALError(.sinkAhead, "An earlier delivery of this log was refused. \(owing(owed, sink, directory))")
    }

    /// Returns the sentences about records that a sink may lack, with their remedy.
    static func owing(_ owed: [OwedRecords], _ sink: some Sink, _ directory: String) -> String {
        let ranges = owed.map { "\($0.sequences.lowerBound) to \($0.sequences.upperBound)" }
        let remedy =
            sink is any TaskStoreSink
            ? "Store them with `wal replay \(directory) --owed --into STORE`"
            : "In the program with the sink, read them (`owedRecords`), append those again that it lacks, and `settle` them"
        return """
            Records \(ranges.joined(separator: " and ")) were appended before that was known. \(sink.name) may not have got \
            them, and would treat them as applied. No record is delivered until they are settled. \(remedy), or give them up \
            with `wal sinks \(directory) --give-up-owed \(sink.name)`. Later records have sequence numbers that were never used.
            """
    }

    static func sinkBehind(_ sink: String, _ lane: SinkLane, first: SequenceNumber) -> WALError {
        WALError(
            .sinkBehind,
            """
            The sink \(sink) has applied lane \(lane.index) up to record \(lane.position), but the log begins at \(first). \
            Retention removed the records in between. The sink is an older copy, was detached, or is new. Restore a newer copy \
            of it, or bring it up to date by other means and let the flusher skip the gap (`gapPolicy`).
            """)
    }

    static func detached(_ sink: String, lag: UInt64, max: Int) -> WALError {
        WALError(
            .detached,
            """
            The sink \(sink) is \(lag) bytes of the log behind, more than the limit of \(max). It was detached, and the log \
            keeps no records for it any more. Find out why it is slow, then start the flusher again. Records that retention \
            has removed meanwhile are a gap.
            """)
    }
}
