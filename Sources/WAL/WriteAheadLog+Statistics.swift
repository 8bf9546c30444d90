extension WriteAheadLog {
    /// The log's figures at one time. Takes locks that appends don't take.
    public var statistics: Statistics { engine.statistics }

    /// The state of the log and its sinks, as the writer publishes it. Takes locks that appends don't take, and reads at most one record.
    ///
    /// Costs about 0.1 ms. ``statistics`` has the log's main figures for less.
    public var status: LogStatus { engine.status() }

    /// The segments, the oldest first.
    public var segments: [SegmentInfo] {
        engine.catalog.state.withLock { state in state.entries.map(SegmentInfo.init) }
    }

    /// The error with which appends fail at the moment; nil while the log accepts records. Takes a lock that appends
    /// don't take, and waits for nothing.
    ///
    /// Its code is `diskFull` or that of another failure of the disk, `logFull` while the disk budget is used up,
    /// `poisoned` after a failed sync, or `closed`. The log retries by itself every second, even without appends. The
    /// property is nil again soon after there is space.
    public var refusal: WALError? {
        engine.catalog.state.withLock { $0.refusal }
    }
}
