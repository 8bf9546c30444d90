import WAL

extension RecoveryReport.Finding {
    /// One line with the finding's kind, place, lost records and evidence.
    var text: String {
        var parts = ["\(classification.rawValue) in segment \(segment) at offset \(offset), \(byteCount) bytes"]
        if let sequences {
            parts.append("records \(sequences.lowerBound.rawValue) to \(sequences.upperBound.rawValue) can't be read")
        }
        parts.append(isAcknowledged ? "acknowledged" : "not acknowledged")
        parts.append(evidence)
        if let keptAt { parts.append("kept in \(keptAt)") }
        return parts.joined(separator: "; ")
    }

    var json: JSON {
        .object([
            ("classification", .string(classification.rawValue)),
            ("damage", .bool(classification.isDamage)),
            ("segment", JSON(segment)),
            ("offset", JSON(offset)),
            ("bytes", JSON(byteCount)),
            ("first_sequence", sequences.map { JSON($0.lowerBound.rawValue) } ?? .null),
            ("last_sequence", sequences.map { JSON($0.upperBound.rawValue) } ?? .null),
            ("acknowledged", .bool(isAcknowledged)),
            ("evidence", .string(evidence)),
            ("kept_at", JSON(keptAt)),
        ])
    }
}

extension RecoveryReport {
    var json: JSON {
        .object([
            ("damaged", .bool(isDamaged)),
            ("segments", JSON(segmentCount)),
            ("records", JSON(recordsScanned)),
            ("bytes", JSON(bytesScanned)),
            ("epoch", JSON(epoch)),
            ("seconds", JSON(duration / .seconds(1))),
            ("time_ahead_seconds", timeAhead.map { JSON($0 / .seconds(1)) } ?? .null),
            ("findings", .array(findings.map(\.json))),
        ])
    }

    var text: String {
        var lines = findings.map(\.text)
        if let timeAhead {
            lines.append(
                "The latest time of a record is \(Table.seconds(timeAhead / .seconds(1))) ahead of the clock.")
        }
        lines.append(
            "\(segmentCount) segments, \(recordsScanned) records, \(Table.bytes(bytesScanned)) read in "
                + "\(Table.seconds(duration / .seconds(1))): "
                + (isDamaged ? "damaged" : findings.isEmpty ? "intact" : "intact, with the remains of a crash"))
        return lines.joined(separator: "\n")
    }
}
