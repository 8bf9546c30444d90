#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// Reads and moves the positions of a log's lanes in `wal_sink_checkpoint`.
    struct LaneStatements {
        private let connection: Connection

        init(_ connection: Connection) throws(StoreError) {
            self.connection = connection
            try connection.prepare("SELECT pg_advisory_xact_lock($1::int4, $2::int4)", named: "lock lanes")
            try connection.prepare(
                """
                WITH claimed AS (INSERT INTO wal_sink_checkpoint AS c (log_id, part, parts, epoch, position, owner) \
                SELECT $1::text, part, $2::int4, 1, 0, $4::text FROM unnest($3::int4[]) AS part WHERE NOT EXISTS \
                (SELECT FROM wal_sink_checkpoint WHERE log_id = $1::text AND parts <> $2::int4) ORDER BY part \
                ON CONFLICT (log_id, part) \
                DO UPDATE SET epoch = c.epoch + 1, owner = excluded.owner, claimed_at = now() \
                RETURNING part, epoch, position) SELECT part, epoch, position FROM claimed ORDER BY part
                """, named: "claim lanes")
            try connection.prepare(
                "SELECT parts FROM wal_sink_checkpoint WHERE log_id = $1::text AND parts <> $2::int4 LIMIT 1",
                named: "count lanes")
            try connection.prepare("WITH \(Self.move) SELECT is_owner FROM fence", named: "move lanes")
        }

        /// Raises the epochs of the lanes, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, owner: String
        ) throws(StoreError) -> [SinkLane] {
            let count = Int32(clamping: laneCount)
            return try connection.transaction { () throws(StoreError) in
                // One claim of a log at a time, so that two that count the lanes differently see each other.
                var key = ParameterList()
                key.append(Self.lockClass)
                key.append(Int32(truncatingIfNeeded: log.low))
                try connection.run("lock lanes", key)
                var parameters = ParameterList()
                parameters.append(log.description)
                parameters.append(count)
                let parts = BinaryArray(.int4)
                for index in indices { parts.append(Int32(clamping: index)) }
                parameters.append(parts)
                parameters.append(owner)
                let lanes = try connection.run("claim lanes", parameters).all { (row) throws(StoreError) in
                    row.lane()
                }
                guard lanes.count == indices.count else { throw try mismatch(log, count) }
                return lanes
            }
        }

        /// Moves the lanes inside a transaction. Throws `fenced`, and moves none, if one isn't as its owner believes.
        func move(_ lanes: LaneMove) throws(StoreError) {
            let isOwner = try connection.run("move lanes", lanes.parameters).first { (row) throws(StoreError) in
                row.number() == 1
            }
            guard isOwner == true else { throw lanes.fenced(connection.settings.server) }
        }

        private func mismatch(_ log: LogID, _ count: Int32) throws(StoreError) -> StoreError {
            var parameters = ParameterList()
            parameters.append(log.description)
            parameters.append(count)
            let before = try connection.run("count lanes", parameters).first { (row) throws(StoreError) in
                row.number()
            }
            return .laneCountMismatch(
                log: log.description, before: before, now: Int(count), server: .postgres,
                place: connection.settings.server)
        }

        /// The first half of the advisory lock's key, beside ``Schema``'s.
        private static let lockClass: Int32 = 0x5357_414C

        static let moveParameterCount = 5

        /// Parts of a `WITH`: `fence.is_owner` is true if every lane was as the batch says; only then all have moved.
        /// They're counted under their locks first, because a statement that commits by itself can't take back a part.
        static let move = """
            wanted AS (SELECT * FROM unnest($3::int4[], $4::int8[], $5::int8[]) AS w (part, epoch, position)), \
            held AS (SELECT c.part FROM wal_sink_checkpoint AS c JOIN wanted AS w \
            ON c.part = w.part AND c.epoch = w.epoch AND c.position = w.position \
            WHERE c.log_id = $1::text ORDER BY c.part FOR UPDATE OF c), \
            moved AS (UPDATE wal_sink_checkpoint AS c SET position = $2::int8, flushed_at = now() FROM wanted AS w \
            WHERE c.log_id = $1::text AND c.part = w.part AND c.epoch = w.epoch AND c.position = w.position \
            AND (SELECT count(*) FROM held) = cardinality($3::int4[]) RETURNING 1), \
            fence AS MATERIALIZED (SELECT count(*) = cardinality($3::int4[]) AS is_owner FROM moved)
            """
    }

    /// Where a batch's lanes must be, and where they go.
    struct LaneMove {
        let parameters: ParameterList
        private let batch: (log: LogID, lanes: [SinkLane])

        init(of batch: TaskBatch) {
            self.batch = (batch.log, batch.lanes)
            let parts = BinaryArray(.int4)
            let epochs = BinaryArray(.int8)
            let positions = BinaryArray(.int8)
            for lane in batch.lanes {
                parts.append(Int32(clamping: lane.index))
                epochs.append(Int64(bitPattern: lane.epoch))
                positions.append(Int64(bitPattern: lane.position.rawValue))
            }
            var parameters = ParameterList()
            parameters.append(batch.log.description)
            parameters.append(Int64(bitPattern: batch.position.rawValue))
            parameters.append(parts)
            parameters.append(epochs)
            parameters.append(positions)
            self.parameters = parameters
        }

        func fenced(_ server: String) -> StoreError {
            let lanes = batch.lanes.map { "lane \($0.index) at epoch \($0.epoch) and position \($0.position)" }
            return StoreError(
                .fenced,
                "the log \(batch.log) hasn't each of these any more: \(lanes.joined(separator: ", ")): another owner has"
                    + " claimed one, or the batch was applied before", place: server)
        }
    }
#endif
