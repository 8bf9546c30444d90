extension Engine {
    /// Appends a batch as one frame. Returns its last record's sequence number.
    func append(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64 {
        guard !batch.isEmpty else {
            throw WALError(.invalidArgument, "A batch has at least one record.")
        }
        if let bookmark {
            try require(name: bookmark.name, metadataSize: bookmark.metadata.count)
            try requireRoom(for: .bookmark(bookmark))
        }
        guard batch.payloads.count <= BatchBody.contentSizeMax else {
            throw WALError(
                .recordTooLarge,
                "A batch of \(batch.payloads.count) bytes is larger than \(BatchBody.contentSizeMax). Make it smaller.")
        }
        let body = BatchBody.encode(batch, bookmark: bookmark, compression: configuration.compression)
        let first = unsafe try append(.batch, bodySize: body.count, records: batch.count) { room in
            unsafe room.copyBytes(from: body)
        }
        if let bookmark { named.withLock { $0.apply(.bookmark(bookmark)) } }
        return first + UInt64(batch.count) - 1
    }
}
