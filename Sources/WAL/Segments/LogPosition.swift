/// A position between two frames of a log.
struct LogPosition: Hashable {
    /// The last sequence number before the position.
    var sequence: UInt64
    /// The bytes of all headers and frames before the position, over all segments.
    var position: UInt64

    /// Whether the log up to and including `target` is before this position.
    func covers(_ target: SyncTarget) -> Bool {
        switch target {
        case .sequence(let wanted): sequence >= wanted
        case .position(let wanted): position >= wanted
        }
    }

    func covers(_ other: LogPosition) -> Bool { position >= other.position }
}

/// The record or the position that must be durable before a waiter continues.
enum SyncTarget: Hashable {
    case sequence(UInt64)
    case position(UInt64)
}
