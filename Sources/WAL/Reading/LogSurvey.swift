/// A log's segments as their headers, footers and indexes describe them, and the frames of the unsealed ones. It reads
/// no record of a sealed segment, except one in ``lag(after:)``.
struct LogSurvey {
    private struct Part {
        var header: SegmentHeader
        var end: SegmentEnd
        /// The number of records that can be read.
        var recordCount: UInt64
        /// The index of an unsealed segment; nil for a sealed one, whose index is in its file.
        var index: [SegmentFooter.IndexEntry]?
        /// The latest time of its records. Nil if there are none.
        var latestTime: Timestamp?
        var markers: Markers
    }

    private let source: DirectorySource
    private var parts: [Part] = []
    private(set) var segments = LogStatus.Segments(prepared: 0)
    private(set) var sizes = SealedSizes()
    private(set) var diskBytes = 0

    init(_ source: DirectorySource) throws(WALError) {
        self.source = source
        let buffer = ReadBuffer()
        var markers = Markers()
        for number in try source.directory.segmentNumbers() {
            guard var segment = try source.examined(number) else { continue }
            diskBytes += segment.diskSize
            if segment.header?.state == .prepared { segments.prepared += 1 }
            guard segment.belongs(to: source.logID), let header = segment.header else { continue }
            let recordCount: UInt64
            var index: [SegmentFooter.IndexEntry]?
            if let footer = segment.footer {
                if segment.isCompressed { segments.compressed += 1 } else { segments.sealed += 1 }
                sizes.add(sequence: footer.finalSequence, size: segment.diskSize)
                markers = footer.markers
                recordCount = footer.recordCount
            } else {
                try segment.readFrames(into: buffer)
                segments.unsealed += 1
                let summary = segment.scan?.summary
                markers = summary?.markers.state(after: markers) ?? markers
                recordCount = summary?.recordCount ?? 0
                index = summary?.index ?? []
            }
            parts.append(
                Part(
                    header: header, end: segment.end ?? SegmentEnd(offset: SegmentHeader.size, recordCount: 0),
                    recordCount: recordCount, index: index,
                    latestTime: segment.latestTime.map { Timestamp(rawValue: $0) }, markers: markers))
        }
        if let last = parts.last, last.index != nil {
            segments.unsealed -= 1
            segments.active = 1
        }
    }

    var firstSequence: UInt64 { parts.first?.header.baseSequence ?? 1 }
    /// The version of the last segment.
    var format: String { parts.last?.header.versionText ?? "" }
    var epoch: UInt64 { parts.map(\.header.epoch).max() ?? 0 }
    /// The cursors and bookmarks at the end of the log.
    var markers: Markers { parts.last?.markers ?? Markers() }

    var statistics: ReadOnlyLog.Statistics {
        let last = parts.map { $0.header.baseSequence - 1 + $0.end.recordCount }.max() ?? 0
        return ReadOnlyLog.Statistics(
            firstSequence: SequenceNumber(rawValue: firstSequence), lastSequence: SequenceNumber(rawValue: last),
            diskBytes: diskBytes, segmentCount: parts.count, epoch: epoch)
    }

    /// The end of the log.
    var end: LogPosition {
        guard let last = parts.last else { return LogPosition(sequence: 0, position: 0) }
        return LogPosition(
            sequence: last.header.baseSequence - 1 + last.end.recordCount,
            position: last.header.position(at: last.end.offset))
    }

    private func index(of part: Part) throws(WALError) -> [SegmentFooter.IndexEntry] {
        if let own = part.index { return own }
        return try source.readable(part.header.segmentNumber)?.index() ?? []
    }

    /// Returns the log in steps, from the entries of the segments' indexes. No record is read.
    func steps() throws(WALError) -> [LogStep] {
        var steps: [LogStep] = []
        for part in parts {
            let entries = try index(of: part)
            var (sequence, offset) = (part.header.baseSequence, UInt64(SegmentHeader.size))
            // Frames without records before the first record have no time. They count with the frames that follow.
            for entry in entries where entry.offset > offset && entry.latestTimeBefore != .min {
                steps.append(
                    LogStep(
                        time: Timestamp(rawValue: entry.latestTimeBefore), recordCount: entry.sequence &- sequence,
                        byteCount: entry.offset - offset))
                (sequence, offset) = (entry.sequence, entry.offset)
            }
            let past = part.header.baseSequence + part.end.recordCount
            guard past > sequence, let time = part.latestTime else { continue }
            steps.append(
                LogStep(
                    time: time, recordCount: past - sequence,
                    byteCount: UInt64(clamping: part.end.offset) - min(offset, UInt64(clamping: part.end.offset))))
        }
        return steps
    }

    /// Returns the part of the log after a record. The bytes are exact to one step of a segment's index, and the number of records is exact but
    /// for damage within the segment that has the next record.
    func lag(after sequence: UInt64) throws(WALError) -> LogLag {
        // The number of a forged cursor can be the largest one.
        guard sequence < end.sequence,
            let index = parts.lastIndex(where: { $0.header.baseSequence <= sequence + 1 }) ?? parts.indices.first
        else { return LogLag() }
        let part = parts[index]
        let first = max(part.header.baseSequence, sequence + 1)
        let past = min(first - part.header.baseSequence, part.recordCount)
        let entry = try self.index(of: part).last { $0.sequence <= first }
        let offset = entry.map { Int(clamping: $0.offset) } ?? SegmentHeader.size
        let start = past == part.recordCount ? part.end.offset : past == 0 ? SegmentHeader.size : offset
        let reader = LogReader(source, at: .sequence(sequence + 1), visibility: .written)
        var oldest: Timestamp?
        while oldest == nil, let found = try reader.next({ Optional($0.time) }, gap: { _ in nil }) { oldest = found }
        return LogLag(
            // Forged footers can have any numbers.
            records: (part.recordCount - past).addingClamped(parts[(index + 1)...].map(\.recordCount).clampedSum),
            bytes: end.position - min(end.position, part.header.position(at: start)), oldest: oldest)
    }
}

/// Some consecutive records of a log, as the indexes describe them.
package struct LogStep: Hashable, Sendable {
    /// The latest time of the records and those before them.
    package var time: Timestamp
    package var recordCount: UInt64
    /// The size of the frames before compression.
    package var byteCount: UInt64
}

extension ReadOnlyLog {
    /// Returns the part of the log after a record. Reads the footers, the frames of the unsealed segments, and one record.
    ///
    /// - Throws: ``WALError/Code/inputOutput``.
    public func lag(after sequence: SequenceNumber) throws(WALError) -> LogLag {
        try LogSurvey(source).lag(after: sequence.rawValue)
    }

    /// The log in steps of some 64 KiB, from the footers of its segments and the frames of the unsealed ones.
    package var steps: [LogStep] {
        get throws(WALError) { try LogSurvey(source).steps() }
    }

    /// The log's state from its files alone. It has no figures of a writer's process, such as its waits, and no sinks.
    ///
    /// - Throws: ``WALError/Code/inputOutput``.
    public var surveyedStatus: LogStatus {
        get throws(WALError) {
            let survey = try LogSurvey(source)
            let end = survey.end
            let durable = try source.durableSequence()
            var positions = survey.markers.cursors.map { ($0.key, $0.value) }
            for consumer in try consumers where !consumer.isExpired {
                positions.append((consumer.path, consumer.position.rawValue))
            }
            let pins = survey.sizes.pins(positions)
            let cursors = try positions.sorted { $0.0 < $1.0 }.map { name, position throws(WALError) in
                LogStatus.Cursor(
                    name: name, position: SequenceNumber(rawValue: position),
                    lagRecords: end.sequence - min(position, end.sequence),
                    lagBytes: try survey.lag(after: position).bytes, pinnedBytes: pins[name] ?? 0)
            }
            let space = source.directory.space
            return LogStatus(
                time: .now, openedAt: Timestamp(rawValue: 0), process: 0, id: id.description,
                format: survey.format, syncPolicy: "unknown",
                firstSequence: SequenceNumber(rawValue: survey.firstSequence),
                lastSequence: SequenceNumber(rawValue: end.sequence),
                durableSequence: SequenceNumber(rawValue: durable), epoch: survey.epoch,
                appended: LogStatus.Amount(records: 0, bytes: 0), notDurable: LogStatus.NotDurable(bytes: 0), waits: [],
                errors: [], syncs: LogStatus.Syncs(), segments: survey.segments,
                disk: LogStatus.Disk(
                    bytes: survey.diskBytes,
                    reclaimable: survey.sizes.bytes(through: positions.map(\.1).min() ?? end.sequence),
                    free: space?.free, size: space?.size),
                cursors: cursors,
                recovery: LogStatus.Recovery(try lastRecovery?.findings ?? [], .zero),
                storage: StorageInfo(of: source.directory), sinks: [])
        }
    }
}
