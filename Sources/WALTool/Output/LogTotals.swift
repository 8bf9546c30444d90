import WAL

/// The output of `stat`.
struct LogTotals {
    let json: JSON
    let text: String

    init(_ log: ReadOnlyLog, directory: String) throws {
        let status = try log.surveyedStatus
        let steps = try log.steps
        let recordCount = steps.map(\.recordCount).clampedSum
        let frameSize = steps.map(\.byteCount).clampedSum
        let segments = try log.segments
        // Only sealed segments know the sizes of their payloads.
        let sealed = segments.filter { $0.payloadSize != nil }
        let payloadSize = sealed.compactMap(\.payloadSize).clampedSum
        let meanPayload = Self.ratio(payloadSize, sealed.compactMap(\.recordCount).clampedSum)
        let ratio = Self.ratio(payloadSize, sealed.compactMap(\.usedSize).clampedSum)
        let firstTime = segments.compactMap(\.firstTime).min()
        let lastTime = (segments.compactMap(\.lastTime) + steps.suffix(1).map(\.time)).max()
        let rate = Self.rate(recordCount, from: firstTime, to: lastTime)
        json = .object([
            ("directory", .string(directory)),
            ("log_id", .string(log.id.description)),
            ("format", .string(status.format)),
            ("segments", JSON(segments.count)),
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
        let times = [firstTime, lastTime].compactMap { $0?.description }.joined(separator: " to ")
        text = Table.pairs([
            ("log", "\(directory), id \(log.id), format \(status.format)"),
            ("records", "\(recordCount), \(status.firstSequence.rawValue) to \(status.lastSequence.rawValue)"),
            ("durable", "up to record \(status.durableSequence.rawValue) at least"),
            ("times", times.isEmpty ? "none" : times),
            ("rate", rate.map { "\(($0 * 100).rounded() / 100) records/s" } ?? "unknown"),
            ("frames", Table.bytes(frameSize)),
            ("on disk", "\(Table.bytes(status.disk.bytes)) in \(segments.count) segments"),
            ("mean payload", meanPayload.map { Table.bytes(Int($0)) } ?? "unknown until a segment is sealed"),
            ("payload/stored", ratio.map { "\(($0 * 100).rounded() / 100)" } ?? "unknown until a segment is sealed"),
            ("cursors", "\(status.cursors.count)"),
        ])
    }

    private static func rate(_ count: UInt64, from first: Timestamp?, to last: Timestamp?) -> Double? {
        guard let first, let last, last > first else { return nil }
        // The distance of a forged footer's times doesn't fit into 64 bits.
        return Double(count) / ((Double(last.rawValue) - Double(first.rawValue)) / 1_000_000)
    }

    private static func ratio(_ size: UInt64, _ divisor: some BinaryInteger) -> Double? {
        divisor > 0 ? Double(size) / Double(divisor) : nil
    }
}
