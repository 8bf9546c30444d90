internal import WAL

/// A search of the log for the mutations of one task, and for those without a task id.
struct OverlayTaskSearch: Sendable {
    let taskID: String
    let hash: UInt64
    let part: OverlayPart
    /// Mutations after this are wanted.
    var lower: UInt64
    /// Mutations up to this are wanted.
    let upper: UInt64
    /// Barriers up to this are wanted.
    let barrierUpper: UInt64
    /// Whether memory has barriers. Then every mutation of the task is needed.
    let isCut: Bool

    var end: UInt64 { max(upper, barrierUpper) }
    var isNeeded: Bool { end > lower }

    /// Returns the found mutations in the order of the log. Blocks.
    func run(
        _ index: OverlayIndex, _ hasher: TaskIDHasher, _ search: OverlaySearch
    ) throws(WALError) -> [LoggedMutation] {
        let own = index.places(of: OverlayKey.hash(hash), after: lower, through: upper)
        let barriers = index.places(of: OverlayKey.barrierHash, after: lower, through: barrierUpper)
        let gaps = Set(own.gaps + barriers.gaps)
        let all = own.places.filter { part.includes($0.kind) }
        let places = !isCut && barriers.places.isEmpty && gaps.isEmpty ? Self.needed(all) : all
        var found: [UInt64: LoggedMutation] = [:]
        var hasOthers = false
        func add(_ sequence: SequenceNumber, _ payload: RawSpan) {
            guard let mutation = try? TaskCodec.decode(payload) else { return }
            if let id = mutation.taskID, !id.hasBytes(of: taskID) { hasOthers = true }
            guard isWanted(mutation, at: sequence.rawValue) else { return }
            found[sequence.rawValue] = LoggedMutation(sequence: sequence, mutation: mutation, size: payload.byteCount)
        }
        try search.read((places + barriers.places).map(\.sequence).sorted(), add)
        // Another task with the same hash may have hidden changes of this one.
        if hasOthers, places.count < all.count { try search.read(all.map(\.sequence), add) }
        for gap in gaps {
            try search.scan(gap) { sequence, payload in
                guard let outline = TaskCodec.outline(of: payload) else { return }
                if let id = outline.id, hasher.hash(payload.extracting(id)) != hash || !part.includes(outline.kind) {
                    return
                }
                add(sequence, payload)
            }
        }
        return found.values.sorted { $0.sequence < $1.sequence }
    }

    private func isWanted(_ mutation: TaskMutation, at sequence: UInt64) -> Bool {
        guard let id = mutation.taskID else { return sequence <= barrierUpper }
        // Other ids may have the same hash.
        return sequence <= upper && id.hasBytes(of: taskID)
    }

    /// Returns the places without those of hidden changes: all changes before the last deletion, and all before the
    /// last save except the first save. The first save determines `dagID` and `createdAt` if the store has no row.
    private static func needed(_ places: [OverlayPlace]) -> [OverlayPlace] {
        let start = places.lastIndex { $0.kind == .delete } ?? places.startIndex
        let rest = places[start...]
        guard let last = rest.lastIndex(where: { $0.kind == .save }),
            let first = rest.firstIndex(where: { $0.kind == .save }), first < last
        else { return Array(rest) }
        return Array(rest[...first] + rest[last...])
    }
}
