import WAL

extension RecoveryStep {
    /// One line: what is done, where, and why.
    var text: String {
        let what =
            switch action {
            case .setAside: "set segment \(segment) aside"
            case .rewrite:
                "write what is whole of segment \(segment) into a new file, and keep the old one (offset \(offset))"
            case .placeholder: "make a segment \(segment) that says which records are missing"
            case .fillClaim: "fill the abandoned place at offset \(offset) of segment \(segment)"
            case .seal: "seal segment \(segment) at offset \(offset)"
            case .cut: "cut off what is behind the footer of segment \(segment), at offset \(offset)"
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
    /// A numbered list.
    var text: String {
        enumerated().map { "  \($0 + 1). \($1.text)" }.joined(separator: "\n")
    }
}
