extension Appender {
    /// Appends a batch as one frame. Blocks while no segment is ready. Returns its last record's sequence number.
    func append(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64 {
        let body = try encode(batch, bookmark)
        let reservation = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try append(.batch, bodySize: body.count, records: batch.count) { frame in
                unsafe body.withUnsafeBytes { unsafe frame.copy($0) }
            }
        }
        return try complete(reservation, result) + UInt64(batch.count) - 1
    }

    /// Appends a batch as one frame. Suspends while no segment is ready. Returns its last record's sequence number.
    func appendSuspending(_ batch: RecordBatch, bookmark: Bookmark?) async throws(WALError) -> UInt64 {
        let body = try encode(batch, bookmark)
        let reservation = try reserve(bookmark)
        let result: Result<UInt64, WALError>
        do throws(WALError) {
            let first = try await appendSuspending(.batch, bodySize: body.count, records: batch.count) { frame in
                unsafe body.withUnsafeBytes { unsafe frame.copy($0) }
            }
            result = .success(first)
        } catch {
            result = .failure(error)
        }
        return try complete(reservation, result) + UInt64(batch.count) - 1
    }

    /// Appends a batch as one frame. Returns its last record's sequence number; nil while no segment is ready.
    func appendIfReady(_ batch: RecordBatch, bookmark: Bookmark?) throws(WALError) -> UInt64? {
        let body = try encode(batch, bookmark)
        let reservation = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try appendIfReady(.batch, bodySize: body.count, records: batch.count) { frame in
                unsafe body.withUnsafeBytes { unsafe frame.copy($0) }
            }
        }
        if case .success(nil) = result {
            if let reservation { catalog.markers.release(reservation) }
            return nil
        }
        return try complete(reservation, result).map { $0 + UInt64(batch.count) - 1 }
    }

    /// Appends a batch of a replica, with the times of its records, as one frame. Blocks while no segment is ready. Returns the first
    /// record's sequence number.
    func appendReplicated(_ batch: RecordBatch, times: [Int64], bookmark: Bookmark) throws(WALError) -> UInt64 {
        let body = try encode(batch, times: times, bookmark)
        let reservation = try reserve(bookmark)
        let result = Result { () throws(WALError) in
            try appendReplicated(body, records: batch.count, time: times.max() ?? 0)
        }
        return try complete(reservation, result)
    }

    private func encode(
        _ batch: RecordBatch, times: [Int64]? = nil, _ bookmark: Bookmark?
    ) throws(WALError) -> [UInt8] {
        guard !batch.isEmpty else {
            throw WALError(.invalidArgument, "A batch must have at least one record. Add a record first.")
        }
        if let bookmark {
            try Marker.require(name: bookmark.name, metadataSize: bookmark.metadata.count)
        }
        guard batch.payloads.count <= BatchBody.contentSizeMax else {
            throw WALError(
                .recordTooLarge,
                "A batch of \(batch.payloads.count) bytes is larger than \(BatchBody.contentSizeMax). Make it smaller.")
        }
        return BatchBody.encode(
            batch, times: times, bookmark: bookmark, compression: catalog.configuration.compression)
    }

    /// Reserves space for a bookmark in the next footer.
    private func reserve(_ bookmark: Bookmark?) throws(WALError) -> MarkerBoard.Reservation? {
        guard let bookmark else { return nil }
        return try catalog.markers.reserve(.bookmark(bookmark))
    }

    private func complete<Value>(
        _ reservation: MarkerBoard.Reservation?, _ result: Result<Value, WALError>
    ) throws(WALError) -> Value {
        if let reservation {
            if case .success = result { catalog.markers.add(reservation) } else { catalog.markers.release(reservation) }
        }
        return try result.get()
    }
}
