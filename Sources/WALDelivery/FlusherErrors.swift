internal import WAL

extension WALError {
    static var waitCancelled: WALError {
        WALError(.cancelled, "the task was cancelled while it waited")
    }

    static func flusherStopped(_ sink: String) -> WALError {
        WALError(.closed, "the flusher into \(sink) has stopped; what remains is delivered by the next one")
    }

    static func flusherRunTwice(_ sink: String) -> WALError {
        WALError(.invalidArgument, "the flusher into \(sink) was run before; make a new one")
    }

    static func flusherCancelled(_ sink: String) -> WALError {
        WALError(.cancelled, "the flusher into \(sink) was cancelled; what remains is delivered by the next one")
    }

    static func fenced(_ sink: String, cause: (any Error)? = nil) -> WALError {
        WALError(
            .fenced,
            "another flusher has claimed the lanes of \(sink); see to it that only one runs, then start it again",
            cause: cause)
    }

    static func sinkFailed(_ sink: String, _ what: String, cause: (any Error)? = nil) -> WALError {
        WALError(
            .sinkFailed, "\(sink) \(what); nothing was skipped: remove the cause and start the flusher again",
            cause: cause)
    }

    static func sinkAhead(_ sink: String, _ lane: SinkLane, last: SequenceNumber) -> WALError {
        sinkAhead(
            sink, lane, last: last, remedy: "Start the flusher again: it goes on with numbers that were never used")
    }

    static func sinkAhead(
        _ sink: String, _ lane: SinkLane, last: SequenceNumber, owed: OwedRecords, directory: String
    ) -> WALError {
        sinkAhead(sink, lane, last: last, remedy: owing([owed], directory))
    }

    private static func sinkAhead(
        _ sink: String, _ lane: SinkLane, last: SequenceNumber, remedy: String
    ) -> WALError {
        WALError(
            .sinkAhead,
            """
            \(sink) has applied lane \(lane.index) up to record \(lane.position), but the log ended at \(last): the log is an \
            older copy. \(remedy)
            """)
    }

    static func recordsOwed(_ owed: [OwedRecords], directory: String) -> WALError {
        WALError(.sinkAhead, "an earlier delivery of this log was refused. \(owing(owed, directory))")
    }

    private static func owing(_ owed: [OwedRecords], _ directory: String) -> String {
        let ranges = owed.map { "\($0.sequences.lowerBound) to \($0.sequences.upperBound)" }
        let sink = owed.first?.sink ?? ""
        return """
            Records \(ranges.joined(separator: " and ")) were appended before that was known, and \(sink) takes them for \
            applied: nothing is delivered until they are settled. Bring them there with `wal replay \(directory) --owed --into \
            STORE`, or give them up with `wal sinks \(directory) --give-up-owed \(sink)`. Later records have numbers that were \
            never used
            """
    }

    static func sinkBehind(_ sink: String, _ lane: SinkLane, first: SequenceNumber) -> WALError {
        WALError(
            .sinkBehind,
            """
            \(sink) has applied lane \(lane.index) up to record \(lane.position), but the log begins at \(first): retention \
            removed what lies between. The sink is an older copy, was detached, or is new. Restore a newer copy of it, or bring \
            it up to date by other means and let the flusher skip the gap (`gapPolicy`)
            """)
    }

    static func detached(_ sink: String, lag: UInt64, max: Int) -> WALError {
        WALError(
            .detached,
            """
            \(sink) is \(lag) bytes of the log behind, and may be \(max): it was detached, and the log keeps nothing for it any \
            more. Find out why it is slow, then start the flusher again; what retention has removed meanwhile is a gap
            """)
    }
}
