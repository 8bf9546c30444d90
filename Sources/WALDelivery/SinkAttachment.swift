internal import WAL

/// The influence of a sink on the retention of its log.
public enum SinkAttachment: Hashable, Sendable {
    /// Retention keeps every record until the sink has it, even if that takes long or fills the disk.
    case required
    /// Retention keeps records until the lag of the sink exceeds `maxLagBytes` bytes of the log. Then the sink is
    /// detached: its cursor is removed, its flusher stops with `detached`, and retention may remove records that the
    /// sink is missing.
    case bestEffort(maxLagBytes: Int)
}

/// The reaction if retention has removed records that a sink is missing. The sink was detached, was restored from an
/// older copy, or is new to an older log.
public enum GapPolicy: Hashable, Sendable {
    /// Stop with `sinkBehind`, whose message names the missing records.
    case stop
    /// Continue with the first existing record. The skipped range is logged, and reported in
    /// ``FlusherStatistics/sequencesSkipped``.
    case skip
}
