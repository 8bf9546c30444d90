import WAL

extension RecoveryStep {
    /// One line with the action, its place and its reason.
    var text: String {
        let what =
            switch action {
            case .setAside: "set segment \(segment) aside"
            case .rewrite:
                "write the intact part of segment \(segment) to a new file, and keep the old one (offset \(offset))"
            case .placeholder: "write a segment \(segment) that lists the missing records"
            case .fillClaim: "fill the abandoned claim at offset \(offset) of segment \(segment)"
            case .seal: "seal segment \(segment) at offset \(offset)"
            case .cut: "cut off the space past the footer of segment \(segment), at offset \(offset)"
            case .remove: "remove the file of segment \(segment)"
            case .record: "write the findings into segment \(segment)"
            }
        return "\(what): \(reason)"
    }

    var json: JSON {
        .object([
            ("action", .string(action.rawValue)),
            ("segment", JSON(segment)),
            ("offset", JSON(offset)),
            ("reason", .string(reason)),
        ])
    }
}

extension [RecoveryStep] {
    /// The steps as a numbered list.
    var text: String {
        enumerated().map { "  \($0 + 1). \($1.text)" }.joined(separator: "\n")
    }
}
