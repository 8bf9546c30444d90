import WAL

/// The output of `stat`.
struct LogTotals {
    private let directory: String
    private let id: LogID
    private let status: LogStatus
    private let recordCount: UInt64
    private let frameSize: UInt64
    private let segmentCount: Int
    /// The number of records in sealed segments, the sizes of whose payloads are known.
    private let sealedCount: UInt64
    private let sealedPayloadSize: UInt64
    private let sealedStoredSize: Int
    private let firstTime: Timestamp?
    private let lastTime: Timestamp?

    init(_ log: ReadOnlyLog, directory: String) throws {
        self.directory = directory
        id = log.id
        status = try log.surveyedStatus
        let steps = try log.steps
        recordCount = steps.map(\.recordCount).clampedSum
        frameSize = steps.map(\.byteCount).clampedSum
        let segments = try log.segments
        segmentCount = segments.count
        let sealed = segments.filter { $0.payloadSize != nil }
        sealedCount = sealed.compactMap(\.recordCount).clampedSum
        sealedPayloadSize = sealed.compactMap(\.payloadSize).clampedSum
        sealedStoredSize = sealed.compactMap(\.usedSize).clampedSum
        firstTime = segments.compactMap(\.firstTime).min()
        lastTime = (segments.compactMap(\.lastTime) + steps.suffix(1).map(\.time)).max()
    }

    private var rate: Double? {
        guard let firstTime, let lastTime, lastTime > firstTime else { return nil }
        // The distance of a forged footer's times doesn't fit into 64 bits.
        return Double(recordCount) / ((Double(lastTime.rawValue) - Double(firstTime.rawValue)) / 1_000_000)
    }

    private var meanPayload: Double? { sealedCount > 0 ? Double(sealedPayloadSize) / Double(sealedCount) : nil }
    private var ratio: Double? { sealedStoredSize > 0 ? Double(sealedPayloadSize) / Double(sealedStoredSize) : nil }

    var json: JSON {
        .object([
            ("directory", .string(directory)),
            ("log_id", .string(id.description)),
            ("format", .string(status.format)),
            ("segments", JSON(segmentCount)),
            ("records", JSON(recordCount)),
            ("first_sequence", JSON(status.firstSequence.rawValue)),
            ("last_sequence", JSON(status.lastSequence.rawValue)),
            ("durable_sequence", JSON(status.durableSequence.rawValue)),
            ("first_time", JSON(firstTime?.description)),
            ("last_time", JSON(lastTime?.description)),
            ("records_per_second", rate.map { JSON($0) } ?? .null),
            ("frame_bytes", JSON(frameSize)),
            ("disk_bytes", JSON(status.disk.bytes)),
            ("mean_payload_bytes", meanPayload.map { JSON($0) } ?? .null),
            ("payload_per_stored_byte", ratio.map { JSON($0) } ?? .null),
            ("cursors", JSON(status.cursors.count)),
        ])
    }

    var text: String {
        let times = [firstTime, lastTime].compactMap { $0?.description }.joined(separator: " to ")
        return Table.pairs([
            ("log", "\(directory), id \(id), format \(status.format)"),
            ("records", "\(recordCount), \(status.firstSequence.rawValue) to \(status.lastSequence.rawValue)"),
            ("durable", "up to record \(status.durableSequence.rawValue) at least"),
            ("times", times.isEmpty ? "none" : times),
            ("rate", rate.map { "\(($0 * 100).rounded() / 100) records/s" } ?? "unknown"),
            ("frames", Table.bytes(frameSize)),
            ("on disk", "\(Table.bytes(status.disk.bytes)) in \(segmentCount) segments"),
            ("mean payload", meanPayload.map { Table.bytes(Int($0)) } ?? "unknown until a segment is sealed"),
            ("payload/stored", ratio.map { "\(($0 * 100).rounded() / 100)" } ?? "unknown until a segment is sealed"),
            ("cursors", "\(status.cursors.count)"),
        ])
    }
}
