#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// Claims, moves and reads the lanes of a log in a table of positions. A `key` is the value of the table's key.
    struct LaneStatements: LaneQueries {
        private let connection: Connection

        init(_ connection: Connection, _ table: PositionTable) throws(StoreError) {
            self.connection = connection
            try connection.prepare("SELECT pg_advisory_xact_lock($1::int4, $2::int4)", named: "lock lanes")
            try connection.prepare(
                """
                WITH claimed AS (INSERT INTO \(table.name) AS c (\(table.key), part, parts, epoch, position, owner) \
                SELECT $1::text, part, $2::int4, 1, 0, $4::text FROM unnest($3::int4[]) AS part WHERE NOT EXISTS \
                (SELECT FROM \(table.name) WHERE \(table.key) = $1::text AND parts <> $2::int4) ORDER BY part \
                ON CONFLICT (\(table.key), part) \
                DO UPDATE SET epoch = c.epoch + 1, owner = excluded.owner, claimed_at = now() \
                RETURNING part, epoch, position) SELECT part, epoch, position FROM claimed ORDER BY part
                """, named: "claim lanes")
            try connection.prepare(
                "SELECT parts FROM \(table.name) WHERE \(table.key) = $1::text AND parts <> $2::int4 LIMIT 1",
                named: "count lanes")
            try connection.prepare("WITH \(Self.move(table)) SELECT is_owner FROM fence", named: "move lanes")
            try connection.prepare(
                "SELECT part, epoch, position FROM \(table.name) WHERE \(table.key) = $1::text", named: "read lanes")
        }

        /// Raises the epochs of the lanes in one transaction, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, key: String, owner: String
        ) throws(StoreError) -> [SinkLane] {
            let count = Int32(clamping: laneCount)
            return try connection.transaction { () throws(StoreError) in
                // One claim of a log runs at a time. So claims with different numbers of lanes see each other's rows.
                var lock = ParameterList()
                lock.append(Self.lockClass)
                lock.append(Int32(truncatingIfNeeded: log.low))
                try connection.run("lock lanes", lock)
                var parameters = ParameterList()
                parameters.append(key)
                parameters.append(count)
                let parts = BinaryArray(.int4)
                for index in indices { parts.append(Int32(clamping: index)) }
                parameters.append(parts)
                parameters.append(owner)
                let lanes = try connection.run("claim lanes", parameters).all { (row) throws(StoreError) in
                    row.lane()
                }
                guard lanes.count == indices.count else { throw try mismatch(key, count) }
                return lanes
            }
        }

        /// Moves the lanes inside a transaction. Throws `fenced` or `setBack`, and moves none, if the epoch or position
        /// of one isn't the expected one.
        func move(_ lanes: LaneMove) throws(StoreError) {
            let isOwner = try connection.run("move lanes", lanes.parameters).first { (row) throws(StoreError) in
                row.number() == 1
            }
            guard isOwner == true else { throw try refusal(of: lanes) }
        }

        /// Returns those of the lanes that were ever claimed, in any order.
        func read(_ indices: Range<Int>, key: String) throws(StoreError) -> [SinkLane] {
            try read(key).filter { indices.contains($0.index) }
        }

        private func read(_ key: String) throws(StoreError) -> [SinkLane] {
            var parameters = ParameterList()
            parameters.append(key)
            return try connection.run("read lanes", parameters).all { (row) throws(StoreError) in row.lane() }
        }

        /// Returns the error for lanes whose epochs or positions aren't the expected ones.
        func refusal(of lanes: LaneMove) throws(StoreError) -> StoreError {
            connection.lanesMoved(of: lanes.key, expected: lanes.lanes, found: try read(lanes.key))
        }

        private func mismatch(_ key: String, _ count: Int32) throws(StoreError) -> StoreError {
            var parameters = ParameterList()
            parameters.append(key)
            parameters.append(count)
            let before = try connection.run("count lanes", parameters).first { (row) throws(StoreError) in
                row.number()
            }
            return connection.laneCountMismatch(of: key, before: before, now: Int(count))
        }

        /// The first half of the key of a log's advisory lock. ``Schema/lockKey`` is one number, which PostgreSQL keeps
        /// apart from keys of two halves.
        private static let lockClass: Int32 = 0x5357_414C

        static let moveParameterCount = 5

        /// Returns the parts of a `WITH` that move the lanes. `fence.is_owner` is true if every lane had the expected
        /// epoch and position. Otherwise no lane moves. The statement first locks and counts the lanes, because a
        /// statement that commits by itself can't undo a part of its work.
        static func move(_ table: PositionTable) -> String {
            """
            wanted AS (SELECT * FROM unnest($3::int4[], $4::int8[], $5::int8[]) AS w (part, epoch, position)), \
            held AS (SELECT c.part FROM \(table.name) AS c JOIN wanted AS w \
            ON c.part = w.part AND c.epoch = w.epoch AND c.position = w.position \
            WHERE c.\(table.key) = $1::text ORDER BY c.part FOR UPDATE OF c), \
            moved AS (UPDATE \(table.name) AS c SET position = $2::int8, flushed_at = now() FROM wanted AS w \
            WHERE c.\(table.key) = $1::text AND c.part = w.part AND c.epoch = w.epoch AND c.position = w.position \
            AND (SELECT count(*) FROM held) = cardinality($3::int4[]) RETURNING 1), \
            fence AS MATERIALIZED (SELECT count(*) = cardinality($3::int4[]) AS is_owner FROM moved)
            """
        }
    }

    /// A move of a batch's lanes: their expected epochs and positions, and their new position.
    struct LaneMove {
        let parameters: ParameterList
        let key: String
        let lanes: [SinkLane]

        init(_ lanes: [SinkLane], of key: String, to position: SequenceNumber) {
            (self.key, self.lanes) = (key, lanes)
            let parts = BinaryArray(.int4)
            let epochs = BinaryArray(.int8)
            let positions = BinaryArray(.int8)
            for lane in lanes {
                parts.append(Int32(clamping: lane.index))
                epochs.append(Int64(bitPattern: lane.epoch))
                positions.append(Int64(bitPattern: lane.position.rawValue))
            }
            var parameters = ParameterList()
            parameters.append(key)
            parameters.append(Int64(bitPattern: position.rawValue))
            parameters.append(parts)
            parameters.append(epochs)
            parameters.append(positions)
            self.parameters = parameters
        }
    }
#endif
