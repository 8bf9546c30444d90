extension Engine {
    var statistics: WriteAheadLog.Statistics {
        // Read the claimed position after the durable one, so that no difference is negative.
        let (durable, syncCount) = commit.state.withLock { ($0.durable, $0.syncs.durations.count) }
        let claimed = catalog.waitForClaimed()
        return catalog.state.withLock { state in
            WriteAheadLog.Statistics(
                firstSequence: SequenceNumber(rawValue: state.entries.first?.segment.header.baseSequence ?? 1),
                lastSequence: SequenceNumber(rawValue: claimed.sequence),
                durableSequence: SequenceNumber(rawValue: durable.sequence),
                syncCount: syncCount, bytesNotDurable: claimed.position - min(durable.position, claimed.position),
                diskBytes: state.diskSize, segmentCount: state.entries.count,
                preparedSegmentCount: state.pipeline.ready.count, epoch: state.epoch)
        }
    }
}
