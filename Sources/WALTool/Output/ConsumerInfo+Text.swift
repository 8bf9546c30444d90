import WAL

extension ConsumerInfo {
    /// The owner, and the time from which on the log no longer keeps records for the consumer.
    var ownerText: String {
        let owner = process.map { "process \($0)" } ?? "no owner"
        return owner + (isExpired ? ", expired " : ", expires ") + expiresAt.description
    }

    var json: JSON {
        .object([
            ("name", .string(name)),
            ("position", JSON(position.rawValue)),
            ("process", process.map { JSON($0) } ?? .null),
            ("saved_at", .string(savedAt.description)),
            ("expires_at", .string(expiresAt.description)),
            ("is_expired", .bool(isExpired)),
            ("max_pinned_bytes", JSON(maxPinnedBytes)),
        ])
    }
}
