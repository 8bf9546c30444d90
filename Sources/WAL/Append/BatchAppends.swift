extension Appender {
    /// Appends a batch as one frame. Blocks while no segment is ready. Returns its last record's sequence number.
    func append(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64 {
        let body = try encode(batch, bookmark)
        let entry = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try append(.batch, bodySize: body.count, records: batch.count) { $0.copy(body) }
        }
        return try complete(entry, result) + UInt64(batch.count) - 1
    }

    /// Appends a batch as one frame. Suspends while no segment is ready. Returns its last record's sequence number.
    func appendSuspending(_ batch: RecordBatch, bookmark: Bookmark?) async throws(WALError) -> UInt64 {
        let body = try encode(batch, bookmark)
        let entry = try reserve(bookmark)
        let result: Result<UInt64, WALError>
        do throws(WALError) {
            let first = try await appendSuspending(.batch, bodySize: body.count, records: batch.count) { $0.copy(body) }
            result = .success(first)
        } catch {
            result = .failure(error)
        }
        return try complete(entry, result) + UInt64(batch.count) - 1
    }

    /// Appends a batch as one frame. Returns its last record's sequence number; nil while no segment is ready.
    func appendIfReady(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64? {
        let body = try encode(batch, bookmark)
        let entry = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try appendIfReady(.batch, bodySize: body.count, records: batch.count) { $0.copy(body) }
        }
        if case .success(nil) = result {
            if let entry { release(entry) }
            return nil
        }
        return try complete(entry, result).map { $0 + UInt64(batch.count) - 1 }
    }

    /// Appends a batch of a replica, with the times of its records, as one frame. Blocks while no segment is ready. Returns the first
    /// record's sequence number.
    func appendReplicated(_ batch: RecordBatch, times: [Int64], bookmark: Bookmark) throws(WALError) -> UInt64 {
        let body = try encode(batch, times: times, bookmark)
        let entry = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try appendReplicated(body, records: batch.count, time: times.max() ?? 0)
        }
        return try complete(entry, result)
    }

    /// Returns whether the frame of a batch fits into a segment.
    func fits(_ batch: RecordBatch, _ bookmark: Bookmark) -> Bool {
        guard let body = try? encode(batch, bookmark) else { return false }
        return body.count <= recordSizeMax
    }

    private func encode(
        _ batch: RecordBatch, times: [Int64]? = nil, _ bookmark: Bookmark?
    ) throws(WALError) -> [UInt8] {
        guard !batch.isEmpty else {
            throw WALError(.invalidArgument, "A batch must have at least one record. Add a record first.")
        }
        if let bookmark { try Marker.bookmark(bookmark).requireValid() }
        guard batch.payloads.count <= BatchBody.contentSizeMax else {
            throw WALError(
                .recordTooLarge,
                "A batch of \(batch.payloads.count) bytes is larger than \(BatchBody.contentSizeMax). Make it smaller.")
        }
        return BatchBody.encode(
            batch, times: times, bookmark: bookmark, compression: catalog.configuration.compression)
    }

    /// Reserves space for a bookmark in the next footer.
    private func reserve(_ bookmark: Bookmark?) throws(WALError) -> Marker? {
        guard let bookmark else { return nil }
        let entry = Marker.bookmark(bookmark)
        try catalog.markers.reserve(entry)
        return entry
    }

    private func release(_ entry: Marker) {
        catalog.markers.release(entry)
        // A change of the bookmark may have waited for the batch.
        flushPendingMarkers()
    }

    private func complete<Value>(_ entry: Marker?, _ result: Result<Value, WALError>) throws(WALError) -> Value {
        if let entry {
            if case .success = result { catalog.markers.add(entry) } else { release(entry) }
        }
        return try result.get()
    }
}
