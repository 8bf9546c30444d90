internal import Logging

/// The duty that rewrites durable segments as compressed files, the oldest first.
extension Engine {
    /// Compresses one segment, if there is one to compress.
    func compressNext() -> Duty.Next {
        guard let entry = catalog.state.withLock({ state in nextToCompress(state) }) else { return .wait(until: nil) }
        let segment = entry.segment
        do throws(WALError) {
            if try !compress(segment, size: entry.fileSize) { excludeFromCompression(segment) }
        } catch {
            try? directory.remove(SegmentName.compressing(segment.number))
            excludeFromCompression(segment)
            logger?.warning("a segment could not be compressed", metadata: LogMetadata.of(error))
        }
        return .again
    }

    /// Returns the next segment to compress; nil if there is none yet.
    private func nextToCompress(_ state: CatalogState) -> CatalogEntry? {
        guard case .open = state.phase else { return nil }
        let available = configuration.diskBudget.map { $0 - state.diskSize } ?? .max
        return state.entries.first { entry in
            entry.isDurable && !entry.isIncompressible && !entry.segment.isCompressed && entry.fileSize <= available
        }
    }

    /// Leaves the segment plain until the next opening.
    private func excludeFromCompression(_ segment: Segment) {
        catalog.state.withLock { state in state.update(segment.number) { $0.isIncompressible = true } }
    }

    /// Compresses a segment. Returns false if it stays plain. An opening after any of the steps finds the same log: the
    /// plain file is the segment until it is removed. The file may still be larger than `size`: see
    /// ``ReclaimableSpace``.
    private func compress(_ segment: Segment, size: Int) throws(WALError) -> Bool {
        let name = SegmentName.compressing(segment.number)
        let newName = SegmentName.compressed(segment.number)
        try directory.remove(name)
        let file = try File(name, in: directory, .create, finalName: newName)
        let plain = try File(SegmentName.of(segment.number), in: directory, .read)
        let newSize = try SegmentCompressor.compress(plain, size: size, to: file) {
            catalog.state.withLock { state in state.phase.isClosingOrClosed }
        }
        guard let newSize else {
            try directory.remove(name)
            return false
        }
        // Without the lock, retention could remove one of the two files, and the other would reappear at the next
        // opening.
        try catalog.removal.withLock { _ throws(WALError) in
            guard catalog.state.withLock({ state in state.index(of: segment.number) != nil }) else {
                return try directory.remove(name)
            }
            try directory.rename(name, to: newName)
            try directory.sync()
            catalog.state.withLock { state in
                state.update(segment.number) { entry in
                    entry.segment = Segment(header: segment.header, path: directory.path(of: newName))
                    entry.fileSize = newSize
                }
                state.pipeline.recheckBudget()
            }
            try directory.remove(SegmentName.of(segment.number))
            try directory.sync()
        }
        catalog.changed()
        return true
    }
}
