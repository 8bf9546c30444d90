import WAL

extension ConsumerInfo {
    /// The name among the log's cursors: that of the file.
    var path: String { "consumers/" + name }

    /// Whether the consumer has let its lease run out. The log's writer decides by its own clock.
    var isExpired: Bool { expiresAt <= .now }

    /// The owner, and when records are no longer kept.
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
