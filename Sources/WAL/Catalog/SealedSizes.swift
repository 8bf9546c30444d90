/// The running totals of the sizes of the sealed segments' files, from the oldest.
struct SealedSizes {
    /// For each sealed segment, its last sequence number and the bytes up to and including the segment.
    private var ends: [(sequence: UInt64, bytes: UInt64)] = []

    init() {}

    init(_ entries: [CatalogEntry]) {
        for entry in entries {
            guard let footer = entry.footer else { break }
            add(sequence: footer.finalSequence, size: entry.fileSize)
        }
    }

    /// Adds a segment after the others.
    mutating func add(sequence: UInt64, size: Int) {
        ends.append((sequence, (ends.last?.bytes ?? 0) + UInt64(size)))
    }

    /// The bytes of the segments that end at a sequence number or before.
    func bytes(through sequence: UInt64) -> UInt64 {
        ends.last { $0.sequence <= sequence }?.bytes ?? 0
    }

    /// Returns for each cursor the bytes that stay because of it alone: all other cursors have passed them.
    func pins(_ positions: [(name: String, position: UInt64)]) -> [String: UInt64] {
        // The lowest position of all other cursors is the lowest one, or for the lowest cursor itself the second lowest.
        let lowest = positions.map(\.position).sorted().prefix(2) + [.max, .max]
        var pins: [String: UInt64] = [:]
        for (name, position) in positions {
            let others = position == lowest[0] ? lowest[1] : lowest[0]
            pins[name] = bytes(through: others) - bytes(through: min(position, others))
        }
        return pins
    }
}
