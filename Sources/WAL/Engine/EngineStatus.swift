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

    /// The log's state. `closedAt` is the time of an orderly close.
    func status(closedAt: Timestamp? = nil) -> LogStatus {
        // Read the claimed position after the durable one, so that no difference is negative.
        let (durable, syncs, syncWaits) = commit.state.withLock { state in
            var syncs = state.syncs
            syncs.recent = state.recentSyncs.histogram(at: .now)
            return (state.durable, syncs, state.waitCount)
        }
        let claimed = catalog.waitForClaimed()
        let (refusal, epoch, diskSize, prepared, entries) = catalog.state.withLock { state in
            (state.refusal, state.epoch, state.diskSize, state.pipeline.ready.count, state.entries)
        }
        let sizes = SealedSizes(entries)
        let cursors = cursors(before: claimed, sizes)
        let space = directory.space
        return LogStatus(
            time: .now, openedAt: start.time, closedAt: closedAt, process: ProcessIdentity.number,
            id: logID.description,
            format: entries.last?.segment.header.versionText ?? "",
            syncPolicy: configuration.syncPolicy.text,
            firstSequence: SequenceNumber(rawValue: entries.first?.segment.header.baseSequence ?? 1),
            lastSequence: SequenceNumber(rawValue: claimed.sequence),
            durableSequence: SequenceNumber(rawValue: durable.sequence), epoch: epoch,
            refusal: refusal.map { LogStatus.Refusal(code: $0.code.description, message: $0.message) },
            appended: LogStatus.Amount(
                records: claimed.sequence - min(start.position.sequence, claimed.sequence),
                bytes: claimed.position - min(start.position.position, claimed.position)),
            notDurable: LogStatus.NotDurable(
                bytes: claimed.position - min(durable.position, claimed.position),
                oldest: claimed.sequence > durable.sequence ? timeOfFirst(after: durable) : nil),
            waits: appender.counters.waits + [LogStatus.Wait(reason: "sync", count: syncWaits)],
            errors: appender.counters.errors, syncs: syncs,
            segments: segments(entries, prepared: prepared),
            disk: LogStatus.Disk(
                bytes: diskSize, budget: configuration.diskBudget,
                reclaimable: sizes.bytes(through: cursors.map(\.position.rawValue).min() ?? claimed.sequence),
                free: space?.free, size: space?.size),
            cursors: cursors, recovery: recovery, storage: storage.after(syncs.durations), sinks: sinks.statuses)
    }

    private func cursors(before end: LogPosition, _ sizes: SealedSizes) -> [LogStatus.Cursor] {
        let outside = catalog.consumers.withLock { $0.keptPositions }
        let positions =
            (catalog.markers.markers.cursors.map { (name: $0.key, position: $0.value) }
            + outside.map { (name: ConsumerFolder.name + "/" + $0.key, position: $0.value) }).sorted {
                $0.name < $1.name
            }
        let pins = sizes.pins(positions)
        return positions.map { name, position in
            LogStatus.Cursor(
                name: name, position: SequenceNumber(rawValue: position),
                lagRecords: end.sequence - min(position, end.sequence), lagBytes: catalog.byteCount(after: position),
                pinnedBytes: pins[name] ?? 0)
        }
    }

    private func segments(_ entries: [CatalogEntry], prepared: Int) -> LogStatus.Segments {
        var segments = LogStatus.Segments(prepared: prepared)
        for entry in entries {
            switch entry.stage {
            case .active: segments.active += 1
            case .ended: segments.unsealed += 1
            case .sealed, .durable:
                if entry.segment.isCompressed { segments.compressed += 1 } else { segments.sealed += 1 }
            }
        }
        return segments
    }

    /// Returns the time of the first record after the durable position.
    ///
    /// With the number alone, the reader would walk the active segment up to that record, which takes milliseconds of
    /// processor time for each status.
    private func timeOfFirst(after durable: LogPosition) -> Timestamp? {
        let reader = LogReader(source, after: durable, visibility: .written)
        return (try? reader.next({ Optional($0.time) }, gap: { _ in nil })) ?? nil
    }
}

extension WriteAheadLog.SyncPolicy {
    fileprivate var text: String {
        switch self {
        case .always: "always"
        case .interval(let interval): "interval of \(interval)"
        case .bytes(let count): "every \(count) bytes"
        case .manual: "manual"
        }
    }
}
