/// The plan that decides the fate of each piece of data that passes a ``CuttingProxy``. It makes no calls itself.
struct CutPlan: Sendable {
    /// The action for bytes that have arrived.
    enum Verdict: Hashable {
        case forward
        /// Forward this number of bytes, then cut the connection.
        case cut(after: Int)
        /// Forward the bytes after the proxy has released them.
        case hold
    }

    var isRefusing = false
    /// The number of replies up to and including the reply that is dropped.
    var repliesLeft: Int?
    /// The number of replies up to and including the reply that is held.
    var repliesUntilHold: Int?
    var bytesLeft: [CuttingProxy.Side: Int] = [:]
    var counts = CuttingProxy.Counts()

    /// Counts a new connection. Returns false if the connection must be closed at once.
    mutating func connected() -> Bool {
        counts.connections += 1
        if isRefusing { counts.refusals += 1 }
        return !isRefusing
    }

    /// Returns the action for bytes that have arrived.
    ///
    /// - Parameter isReply: Whether these are the first bytes from the server since the client sent some.
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
}
