extension Engine {
    /// Appends a batch as one frame. Blocks where no segment is ready. Returns its last record's sequence number.
    func append(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64 {
        let body = try encode(batch, bookmark)
        let entry = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try append(.batch, bodySize: body.count, records: batch.count) { room in
                unsafe body.withUnsafeBytes { unsafe room.copy($0) }
            }
        }
        return try settle(entry, result) + UInt64(batch.count) - 1
    }

    /// The same, and suspends where no segment is ready.
    func appendSuspending(_ batch: RecordBatch, bookmark: Bookmark?) async throws(WALError) -> UInt64 {
        let body = try encode(batch, bookmark)
        let entry = try reserve(bookmark)
        let result: Result<UInt64, WALError>
        do throws(WALError) {
            let first = try await appendSuspending(.batch, bodySize: body.count, records: batch.count) { room in
                unsafe body.withUnsafeBytes { unsafe room.copy($0) }
            }
            result = .success(first)
        } catch {
            result = .failure(error)
        }
        return try settle(entry, result) + UInt64(batch.count) - 1
    }

    /// The same, and returns nil where it would have to wait.
    func appendWithoutWaiting(_ batch: RecordBatch) throws(WALError) -> UInt64? {
        let body = try encode(batch, nil)
        let first = try appendWithoutWaiting(.batch, bodySize: body.count, records: batch.count) { room in
            unsafe body.withUnsafeBytes { unsafe room.copy($0) }
        }
        return first.map { $0 + UInt64(batch.count) - 1 }
    }

    private func encode(_ batch: RecordBatch, _ bookmark: Bookmark?) throws(WALError) -> [UInt8] {
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
        return BatchBody.encode(batch, bookmark: bookmark, compression: configuration.compression)
    }

    /// Keeps room for a bookmark in what each footer repeats.
    private func reserve(_ bookmark: Bookmark?) throws(WALError) -> NamedPosition? {
        guard let bookmark else { return nil }
        let entry = NamedPosition.bookmark(bookmark)
        try named.withLock { named throws(WALError) in try named.reserve(entry) }
        return entry
    }

    private func settle<Value>(
        _ entry: NamedPosition?, _ result: Result<Value, WALError>
    ) throws(WALError) -> Value {
        if let entry {
            named.withLock { named in
                if case .success = result { named.add(entry) } else { named.giveUp(entry) }
            }
        }
        return try result.get()
    }
}
