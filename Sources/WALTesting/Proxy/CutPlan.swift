/// Decides what becomes of each piece of data that passes a ``CuttingProxy``. Pure.
struct CutPlan: Sendable {
    /// What to do with some bytes.
    enum Verdict: Hashable {
        case forward
        /// Forward so many, then cut the connection.
        case cut(after: Int)
        /// Keep them back until they are released, then forward them.
        case hold
    }

    var isRefusing = false
    /// Replies until the one that is kept back.
    var repliesLeft: Int?
    /// Replies until the one that is held.
    var repliesUntilHold: Int?
    var bytesLeft: [CuttingProxy.Side: Int] = [:]
    private(set) var counts = CuttingProxy.Counts()

    /// A connection was made. False if it is to be closed at once.
    mutating func connected() -> Bool {
        counts.connections += 1
        if isRefusing { counts.refusals += 1 }
        return !isRefusing
    }

    /// Bytes came. `isReply` tells that they are the first from the server since the client has sent something.
    mutating func received(_ count: Int, from side: CuttingProxy.Side, isReply: Bool) -> Verdict {
        if isReply, let left = repliesLeft {
            repliesLeft = left > 1 ? left - 1 : nil
            if left <= 1 { return cut(after: 0) }
        }
        let isHeld = isReply && repliesUntilHold.map { $0 <= 1 } ?? false
        if isReply, let left = repliesUntilHold { repliesUntilHold = isHeld ? nil : left - 1 }
        if let left = bytesLeft[side] {
            if count >= left {
                bytesLeft[side] = nil
                return cut(after: left)
            }
            bytesLeft[side] = left - count
        }
        counts.bytes[side, default: 0] += count
        return isHeld ? .hold : .forward
    }

    private mutating func cut(after count: Int) -> Verdict {
        counts.cuts += 1
        return .cut(after: count)
    }

    mutating func cutNow(connections: Int) {
        counts.cuts += connections
    }
}
