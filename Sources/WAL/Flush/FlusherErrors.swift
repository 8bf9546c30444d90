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

    static func sinkAhead(_ sink: String, lane: Int, position: SequenceNumber, last: SequenceNumber) -> WALError {
        WALError(
            .sinkAhead,
            """
            \(sink) has applied lane \(lane) up to record \(position), but the log ends at \(last): the log is an older copy. \
            Restore the newest copy of the log, or start a new log and keep this one aside
            """)
    }

    static func sinkBehind(_ sink: String, lane: Int, position: SequenceNumber, first: SequenceNumber) -> WALError {
        WALError(
            .sinkBehind,
            """
            \(sink) has applied lane \(lane) up to record \(position), but the log begins at \(first): retention removed what \
            lies between. The sink is an older copy, or new. Restore a newer copy of it, or bring it up to date by other means \
            and set its positions to \(first.rawValue - 1)
            """)
    }
}
