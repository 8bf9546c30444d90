/// Where a mutation is in the log, as an index keeps it: sorted, the mutations of one task lie together, in the order of the log.
///
/// Upper half: a hash of the task's id. Lower half: 30 bits of sequence number, counted from the index's base, and the kind.
struct OverlayKey: Comparable {
    /// Sequence numbers that are further from the base don't fit.
    static let spanMax: UInt64 = 1 << 30
    /// Stands for the mutations without a task id.
    static let barrierHash: UInt32 = 0

    var rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(hash: UInt32, offset: UInt64, kind: OverlayKind) {
        rawValue = UInt64(hash) << 32 | offset << 2 | UInt64(kind.rawValue)
    }

    /// What of a task id's hash is in a key: never that of barriers.
    static func hash(_ hash: UInt64) -> UInt32 { max(1, UInt32(hash >> 32)) }

    /// Before every key of this hash.
    init(startOf hash: UInt32) {
        rawValue = UInt64(hash) << 32
    }

    var hash: UInt32 { UInt32(rawValue >> 32) }
    var offset: UInt64 { rawValue >> 2 & (Self.spanMax - 1) }
    var kind: OverlayKind { OverlayKind(rawValue: UInt8(rawValue & 3)) ?? .update }

    /// The same place, counted from a base that is so much lower.
    func moved(by distance: UInt64) -> OverlayKey {
        OverlayKey(rawValue: rawValue + distance << 2)
    }

    static func < (left: OverlayKey, right: OverlayKey) -> Bool { left.rawValue < right.rawValue }
}

/// A mutation's place in the log.
struct OverlayPlace {
    var sequence: UInt64
    var kind: OverlayKind
}
