internal import Synchronization

extension Engine {
    var statistics: WriteAheadLog.Statistics {
        let claimed = catalog.waitForClaimed()
        let (durable, syncCount) = commit.state.withLock { ($0.durable, $0.syncCount) }
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

    /// The values of the log's gauges.
    var snapshot: LogMetrics.Snapshot {
        let durable = commit.state.withLock { $0.durable }
        // Read the claimed position after the durable one, so that the difference is never negative.
        let claimed = catalog.waitForClaimed()
        return catalog.state.withLock { state in
            var segments: [LogMetrics.SegmentState: Int] = [.prepared: state.pipeline.ready.count]
            for entry in state.entries { segments[entry.metricState, default: 0] += 1 }
            return LogMetrics.Snapshot(
                lastSequence: claimed.sequence, position: claimed.position, durableSequence: durable.sequence,
                notDurableBytes: claimed.position - min(durable.position, claimed.position),
                isAccepting: state.refusal == nil, diskBytes: state.diskSize, diskBudget: configuration.diskBudget,
                segments: segments)
        }
    }
}

extension CatalogEntry {
    fileprivate var metricState: LogMetrics.SegmentState {
        switch stage {
        case .active: .active
        case .ended: .unsealed
        case .sealed, .durable: segment.isCompressed ? .compressed : .sealed
        }
    }
}
