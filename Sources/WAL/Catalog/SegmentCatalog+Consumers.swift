extension SegmentCatalog {
    /// Reads the files of the consumers in other processes. Called before each decision to remove segments.
    ///
    /// Never fails: while a file or the folder can't be read, the last known position counts. Otherwise a consumer could stop retention
    /// and, at the disk budget, appends.
    func refreshConsumers() {
        let known = consumers.withLock { $0.positions }
        var found: [ConsumerPins.Found] = []
        var fault: String?
        do throws(WALError) {
            if let folder = try ConsumerFolder(of: directory) {
                // A listing may miss a file that is being replaced.
                for name in Set(try folder.names()).union(known.keys).sorted() { found.append(Self.find(name, folder)) }
            }
        } catch {
            fault = error.message
            found = known.keys.sorted().map { ConsumerPins.Found(name: $0, content: .damaged) }
        }
        for index in found.indices {
            guard let position = found[index].content.state?.position ?? known[found[index].name] else { continue }
            found[index].pinnedBytes = byteCount(after: position)
        }
        let logID = state.withLock { $0.entries.first?.segment.header.logID }
        consumers.withLock { pins in
            pins.update(found, logID: logID, now: .now)
            pins.noteFolder(fault)
        }
    }

    private static func find(_ name: String, _ folder: ConsumerFolder) -> ConsumerPins.Found {
        do throws(WALError) {
            return ConsumerPins.Found(name: name, content: try folder.content(of: name))
        } catch {
            return ConsumerPins.Found(name: name, content: .damaged, fault: error.message)
        }
    }

    /// The position that all consumers have passed; nil if there are none.
    var passedByConsumers: UInt64? {
        let cursor = markers.markers.cursors.values.min()
        let outside = consumers.withLock { $0.passed }
        guard let cursor, let outside else { return cursor ?? outside }
        return min(cursor, outside)
    }
}
