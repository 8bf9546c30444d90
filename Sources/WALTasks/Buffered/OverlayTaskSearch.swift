internal import WAL

/// Looks in the log for the mutations of one task, and for those without a task id.
struct OverlayTaskSearch: Sendable {
    let taskID: String
    let hash: UInt64
    let part: OverlayPart
    /// What comes behind it is wanted, …
    var lower: UInt64
    /// … up to here, …
    let upper: UInt64
    /// … and barriers up to here.
    let barrierUpper: UInt64
    /// Whether memory has barriers, so that nothing of the task is superfluous.
    let isCut: Bool

    var end: UInt64 { max(upper, barrierUpper) }
    var isNeeded: Bool { end > lower }

    /// Blocking. In the order of the log.
    func run(
        _ index: OverlayIndex, _ hasher: TaskIDHasher, _ search: OverlaySearch
    ) throws(WALError) -> [LoggedMutation] {
        let own = index.places(of: OverlayKey.hash(hash), after: lower, through: upper)
        let barriers = index.places(of: OverlayKey.barrierHash, after: lower, through: barrierUpper)
        let gaps = Set(own.gaps + barriers.gaps)
        var places = own.places.filter { part.includes($0.kind) }
        if !isCut, barriers.places.isEmpty, gaps.isEmpty { places = Self.needed(places) }
        var found: [UInt64: LoggedMutation] = [:]
        func add(_ sequence: SequenceNumber, _ payload: RawSpan) {
            guard let mutation = try? TaskCodec.decode(payload), isWanted(mutation, at: sequence.rawValue) else {
                return
            }
            found[sequence.rawValue] = LoggedMutation(sequence: sequence, mutation: mutation, size: payload.byteCount)
        }
        try search.read((places + barriers.places).map(\.sequence).sorted(), add)
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
        // Others may have the same hash.
        return sequence <= upper && id.hasBytes(of: taskID)
    }

    /// Without those that can't be seen: of changes before the last delete all, and before the last save all but the first save,
    /// which says `dagID` and `createdAt` where the store has no row.
    private static func needed(_ places: [OverlayPlace]) -> [OverlayPlace] {
        let start = places.lastIndex { $0.kind == .delete } ?? places.startIndex
        let rest = places[start...]
        guard let last = rest.lastIndex(where: { $0.kind == .save }),
            let first = rest.firstIndex(where: { $0.kind == .save }), first < last
        else { return Array(rest) }
        return Array(rest[...first] + rest[last...])
    }
}
