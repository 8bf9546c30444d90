/// The place of a mutation in the log as a key of an index. In sorted order, the mutations of one task are adjacent
/// and in the order of the log.
///
/// The upper half is a hash of the task's id. The lower half is 30 bits of the sequence number, relative to the
/// index's base, and the kind.
struct OverlayKey: Comparable {
    /// The range of sequence numbers that fits, counted from the base.
    static let spanMax: UInt64 = 1 << 30
    /// The hash of mutations without a task id.
    static let barrierHash: UInt32 = 0

    var rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(hash: UInt32, offset: UInt64, kind: OverlayKind) {
        rawValue = UInt64(hash) << 32 | offset << 2 | UInt64(kind.rawValue)
    }

    /// Returns the part of a task id's hash that a key holds. It never equals the hash of barriers.
    static func hash(_ hash: UInt64) -> UInt32 { max(1, UInt32(hash >> 32)) }

    /// Makes a key that sorts before every key of this hash.
    init(startOf hash: UInt32) {
        rawValue = UInt64(hash) << 32
    }

    var hash: UInt32 { UInt32(rawValue >> 32) }
    var offset: UInt64 { rawValue >> 2 & (Self.spanMax - 1) }
    var kind: OverlayKind { OverlayKind(rawValue: UInt8(rawValue & 3)) ?? .update }

    /// Returns the key of the same place for a base that is lower by `distance`.
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
