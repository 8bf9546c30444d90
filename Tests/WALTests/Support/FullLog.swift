import TestSupport
import Testing

@testable import WAL

extension WriteAheadLog {
    /// Whether the disk budget has no room for another segment, and no seal can make any.
    var isFull: Bool {
        let catalog = engine.catalog
        return catalog.state.withLock { state in
            state.pipeline.isOverBudget && !state.isNextReady && !state.hasUnsealedEnd
                && state.diskSize + catalog.configuration.segmentSize > catalog.configuration.budgetOfProducers ?? .max
        }
    }
}

extension WriteAheadLog {
    /// Returns once no segment is being prepared, which renames its file. Until then, a copy of the directory can miss a file.
    func waitUntilPrepared() {
        eventuallyBlocking { statistics.preparedSegmentCount >= engine.catalog.configuration.maxPreparedSegments }
    }
}
