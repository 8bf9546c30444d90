import WAL

/// The output of `inspect`.
struct LogOverview {
    let json: JSON
    let text: String

    init(_ log: ReadOnlyLog, directory: String) throws(WALError) {
        let source = try log.replicatedLog
        let firstSequence = try log.firstSequence
        let durableSequence = try log.durableSequence
        let segments = try log.segments
        let cursors = try log.cursors.map { (name: $0.key, sequence: $0.value.rawValue) }.sorted { $0.name < $1.name }
        let consumers = try log.consumers
        let bookmarks = try log.bookmarks.map { (name: $0.key, position: $0.value.position) }.sorted {
            $0.name < $1.name
        }
        let recovery = try log.lastRecovery
        let lastFindings = recovery?.findings ?? []
        let lastFindingCount = recovery?.count ?? 0
        let fileSize = segments.reduce(0) { $0 + $1.fileSize }
        let epoch = segments.map(\.epoch).max() ?? 0
        let recordCount = segments.compactMap(\.recordCount).clampedSum
        json = .object([
            ("directory", .string(directory)),
            ("log_id", .string(log.id.description)),
            ("epoch", JSON(epoch)),
            ("first_sequence", JSON(firstSequence.rawValue)),
            ("durable_sequence", JSON(durableSequence.rawValue)),
            ("bytes", JSON(fileSize)),
            ("replica_of", JSON(source?.description)),
            ("segments", .array(segments.map(Self.json(of:)))),
            ("cursors", .object(cursors.map { ($0.name, JSON($0.sequence)) })),
            ("consumers", .array(consumers.map(\.json))),
            ("bookmarks", .object(bookmarks.map { ($0.name, JSON($0.position)) })),
            ("last_recovery_finding_count", JSON(lastFindingCount)),
            ("last_recovery_findings", .array(lastFindings.map(\.json))),
        ])
        let head = Table.pairs([
            ("log", "\(directory), id \(log.id)" + (source.map { ", a replica of \($0)" } ?? "")),
            ("epoch", epoch == 0 ? "0: no data was ever discarded" : "\(epoch): data discarded or numbers skipped"),
            ("first record", "\(firstSequence.rawValue)"),
            ("durable", "up to record \(durableSequence.rawValue) at least"),
            ("records", "\(recordCount) in sealed segments"),
            ("on disk", "\(Table.bytes(fileSize)) in \(segments.count) segments"),
        ])
        let heading = [
            "segment", "state", "first", "last", "records", "size", "fill", "payload/stored", "epoch", "times",
        ]
        let rows = segments.map(Self.row(of:))
        var parts = [head, Table.columns(heading, right: [0, 2, 3, 4, 5, 6, 7, 8], rows)]
        let positions =
            cursors.map { ("  " + $0.name, "record \($0.sequence)") }
            + consumers.map { ("  " + $0.path, "record \($0.position.rawValue), \($0.ownerText)") }
        if !positions.isEmpty { parts.append("cursors\n" + Table.pairs(positions)) }
        if !bookmarks.isEmpty {
            parts.append("bookmarks\n" + Table.pairs(bookmarks.map { ("  " + $0.name, "\($0.position)") }))
        }
        if lastFindingCount > 0 {
            parts.append(
                "last recovery that found something: \(lastFindingCount)\n"
                    + lastFindings.map { "  \($0.text)" }.joined(separator: "\n"))
        }
        text = parts.joined(separator: "\n\n")
    }

    /// Returns the number of payload bytes per byte of frames.
    private static func compression(_ segment: SegmentInfo) -> Double? {
        guard let payload = segment.payloadSize, let used = segment.usedSize, used > 0 else { return nil }
        return Double(payload) / Double(used)
    }

    private static func fill(_ segment: SegmentInfo) -> Double? {
        segment.usedSize.map { Double($0) / Double(max(segment.fileSize, 1)) }
    }

    static func json(of segment: SegmentInfo) -> JSON {
        .object([
            ("number", JSON(segment.number)),
            ("path", .string(segment.path)),
            ("state", .string(segment.state.rawValue)),
            ("epoch", JSON(segment.epoch)),
            ("first_sequence", JSON(segment.firstSequence.rawValue)),
            ("last_sequence", segment.lastSequence.map { JSON($0.rawValue) } ?? .null),
            ("first_time", JSON(segment.firstTime?.description)),
            ("last_time", JSON(segment.lastTime?.description)),
            ("records", segment.recordCount.map { JSON($0) } ?? .null),
            ("file_bytes", JSON(segment.fileSize)),
            ("used_bytes", segment.usedSize.map { JSON($0) } ?? .null),
            ("payload_bytes", segment.payloadSize.map { JSON($0) } ?? .null),
            ("fill", fill(segment).map { JSON($0) } ?? .null),
            ("compression", compression(segment).map { JSON($0) } ?? .null),
        ])
    }

    private static func row(of segment: SegmentInfo) -> [String] {
        let last = segment.lastSequence.map { "\($0.rawValue)" }
        let records = segment.recordCount.map { "\($0)" }
        let filled = fill(segment).map { "\(Int($0 * 100)) %" }
        let ratio = compression(segment).map { "\(($0 * 100).rounded() / 100)" }
        let times = [segment.firstTime, segment.lastTime].compactMap { $0?.description }
        return [
            "\(segment.number)", segment.state.rawValue, "\(segment.firstSequence.rawValue)", last ?? "", records ?? "",
            Table.bytes(segment.fileSize), filled ?? "", ratio ?? "", "\(segment.epoch)",
            times.joined(separator: " to "),
        ]
    }
}
