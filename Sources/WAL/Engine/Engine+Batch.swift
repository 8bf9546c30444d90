extension Engine {
    /// Appends a batch as one frame. Returns its last record's sequence number.
    func append(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64 {
        guard !batch.isEmpty else {
            throw WALError(.invalidArgument, "A batch has at least one record.")
        }
        if let bookmark {
            try require(name: bookmark.name, metadataSize: bookmark.metadata.count)
        }
        guard batch.payloads.count <= BatchBody.contentSizeMax else {
            throw WALError(
                .recordTooLarge,
                "A batch of \(batch.payloads.count) bytes is larger than \(BatchBody.contentSizeMax). Make it smaller.")
        }
        let body = BatchBody.encode(batch, bookmark: bookmark, compression: configuration.compression)
        guard let bookmark else { return try appendBody(body, count: batch.count) }
        let entry = NamedPosition.bookmark(bookmark)
        try named.withLock { named throws(WALError) in try named.reserve(entry) }
        do throws(WALError) {
            let last = try appendBody(body, count: batch.count)
            named.withLock { $0.add(entry) }
            return last
        } catch {
            named.withLock { $0.giveUp(entry) }
            throw error
        }
    }

    private func appendBody(_ body: [UInt8], count: Int) throws(WALError) -> UInt64 {
        unsafe try append(.batch, bodySize: body.count, records: count) { room in
            unsafe room.copyBytes(from: body)
        } + UInt64(count) - 1
    }
}
