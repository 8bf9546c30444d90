#if Postgres
    internal import WAL
    internal import WALTasks

    /// Rows of activities in the binary form of COPY. Their memory is reused.
    struct ActivityRows: ~Copyable {
        /// The COPY statement. Its columns have the order of the fields in the log, so a row is a record with other
        /// sizes.
        static let copy = """
            COPY dag_task_activity_logs (task_id, id, created_at, dag_id, node_id, action, message, data, level) \
            FROM STDIN (FORMAT binary)
            """
        private static let columnCount: Int16 = 9
        private static let signature = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0]

        private var wire = WireBytes()

        /// The bytes that were added since the last `removeAll()`.
        var bytes: UnsafeRawBufferPointer { unsafe wire.bytes }

        mutating func removeAll() { wire.removeAll() }

        mutating func appendHeader() {
            unsafe Self.signature.withUnsafeBytes { unsafe wire.put($0) }
            wire.put(Int32(0))  // flags
            wire.put(Int32(0))  // the size of the header's extension
        }

        mutating func appendTrailer() { wire.put(Int16(-1)) }

        /// Adds the row of an encoded activity.
        mutating func append(_ payload: RawSpan) throws(TaskCodecError) {
            var input = FieldInput(payload)
            _ = try input.byte()  // version
            _ = try input.byte()  // kind
            wire.put(Self.columnCount)
            try appendText(from: &input, of: payload)
            try appendText(from: &input, of: payload)
            wire.put(Int32(8))
            wire.put(try input.time().postgres)
            for _ in 3..<Self.columnCount { try appendText(from: &input, of: payload) }
            try input.end()
        }

        private mutating func appendText(from input: inout FieldInput, of payload: RawSpan) throws(TaskCodecError) {
            guard let text = try input.validTextRange() else { return wire.put(Int32(-1)) }
            wire.put(Int32(clamping: text.count))
            unsafe payload.extracting(text).withUnsafeBytes { unsafe wire.put($0) }
        }
    }
#endif
