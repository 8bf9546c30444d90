internal import WAL

/// How a sink is attached to its log.
public enum SinkAttachment: Hashable, Sendable {
    /// Retention keeps every record until the sink has it, however long that takes and however full the disk becomes.
    case required
    /// The same until the sink is this many bytes of the log behind; then it is detached: its cursor goes, its flusher stops
    /// with `detached`, and retention may remove what it lacks.
    case bestEffort(maxLagBytes: Int)
}

/// What to do where a sink lacks records that retention has removed: because it was detached, restored from an older copy, or
/// is new to a log that isn't.
public enum GapPolicy: Hashable, Sendable {
    /// Stop with `sinkBehind`, which says what is missing.
    case stop
    /// Go on with the first record that is there. What was passed over is logged, and in
    /// ``FlusherStatistics/sequencesSkipped``.
    case skip
}
