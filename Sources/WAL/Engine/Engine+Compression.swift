internal import CWALShims
internal import Logging

extension Engine {
    private enum Work {
        case compress(EngineState.Entry)
        case stop
    }

    /// The compression thread: rewrites sealed segments, the oldest first.
    func runCompressionThread() {
        // Whoever appends, syncs or reads has the processor first.
        cwal_lower_thread_priority()
        while case .compress(let entry) = state.wait({ state in nextToCompress(state) }) {
            let segment = entry.segment
            do throws(WALError) {
                if try !compress(segment, size: entry.fileSize) { leave(segment) }
            } catch {
                try? directory.remove(SegmentName.compressing(segment.number))
                leave(segment)
                logger?.warning("a segment could not be compressed", metadata: LogMetadata.of(error))
            }
        }
    }

    /// Nil to wait.
    private func nextToCompress(_ state: EngineState) -> Work? {
        switch state.phase {
        case .open: break
        case .poisoned: return nil
        case .closing, .closed: return .stop
        }
        let room = configuration.diskBudget.map { $0 - state.diskSize } ?? .max
        let entry = state.entries.first { entry in
            entry.isRemovable && !entry.staysAsItIs && !entry.segment.isCompressed && entry.fileSize <= room
        }
        return entry.map { .compress($0) }
    }

    /// Not tried again until the next opening.
    private func leave(_ segment: Segment) {
        state.withLock { state in
            if let index = state.index(of: segment.number) { state.entries[index].staysAsItIs = true }
        }
    }

    /// Returns false where the segment stays as it is. Each step leaves files from which an opening comes to the same log: until the
    /// plain file is removed, that is the segment. The file may be larger than `size` still: see `UnusedSpace`.
    private func compress(_ segment: Segment, size: Int) throws(WALError) -> Bool {
        let name = SegmentName.compressing(segment.number)
        let newName = SegmentName.compressed(segment.number)
        try directory.remove(name)
        let file = try File(name, in: directory, .create, finalName: newName)
        let plain = try File(SegmentName.of(segment.number), in: directory, .read)
        let newSize = try SegmentCompressor.compress(plain, size: size, to: file) {
            state.withLock { state in state.phase.isClosingOrClosed }
        }
        guard let newSize else {
            try directory.remove(name)
            return false
        }
        // Retention would remove the one file, and the other would come back.
        try removing.withLock { _ throws(WALError) in
            guard state.withLock({ state in state.index(of: segment.number) != nil }) else {
                return try directory.remove(name)
            }
            try directory.rename(name, to: newName)
            try directory.sync()
            state.withLock { state in
                guard let index = state.index(of: segment.number) else { return }
                state.entries[index].segment = Segment(header: segment.header, path: directory.path(of: newName))
                state.entries[index].fileSize = newSize
                state.preparation.isOverBudget = false
            }
            try directory.remove(SegmentName.of(segment.number))
            try directory.sync()
        }
        stateChanged()
        return true
    }
}
