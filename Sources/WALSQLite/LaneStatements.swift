#if SQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// Claims, moves and reads the lanes of a log in a table of positions. A `key` is the value of the table's key.
    struct LaneStatements: LaneQueries {
        private let connection: Connection
        private let countLanes: Statement
        private let claimLane: Statement
        private let moveLane: Statement
        private let readLanes: Statement

        init(_ connection: Connection, _ table: PositionTable) throws(StoreError) {
            self.connection = connection
            countLanes = try Statement(
                "SELECT parts FROM \(table.name) WHERE \(table.key) = ? LIMIT 1", named: "count lanes", on: connection)
            claimLane = try Statement(
                """
                INSERT INTO \(table.name) (\(table.key), part, parts, epoch, position, owner, claimed_at) \
                VALUES (?, ?, ?, 1, 0, ?, ?) ON CONFLICT (\(table.key), part) \
                DO UPDATE SET epoch = epoch + 1, owner = excluded.owner, claimed_at = excluded.claimed_at \
                RETURNING epoch, position
                """, named: "claim lane", on: connection)
            moveLane = try Statement(
                """
                UPDATE \(table.name) SET position = ?, flushed_at = ? \
                WHERE \(table.key) = ? AND part = ? AND epoch = ? AND position = ?
                """, named: "move lane", on: connection)
            readLanes = try Statement(
                "SELECT part, epoch, position FROM \(table.name) WHERE \(table.key) = ?", named: "read lanes",
                on: connection)
        }

        /// Raises the epochs of the lanes in one transaction, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, key: String, owner: String
        ) throws(StoreError) -> [SinkLane] {
            try connection.transaction { () throws(StoreError) in
                if let before = try count(key), before != laneCount {
                    throw connection.laneCountMismatch(of: key, before: before, now: laneCount)
                }
                var claimed: [SinkLane] = []
                for index in indices {
                    claimed.append(try claim(index, of: laneCount, key: key, owner: owner))
                }
                return claimed
            }
        }

        /// Returns the number of lanes of the log, or nil if none was claimed yet.
        private func count(_ key: String) throws(StoreError) -> Int64? {
            countLanes.bind(key)
            return try countLanes.first { (row) throws(StoreError) in row.number() }
        }

        private func claim(
            _ index: Int, of laneCount: Int, key: String, owner: String
        ) throws(StoreError) -> SinkLane {
            claimLane.bind(key)
            claimLane.bind(Int64(index))
            claimLane.bind(Int64(laneCount))
            claimLane.bind(owner)
            claimLane.bind(Timestamp.now.rawValue)
            let lanes = try claimLane.all { (row) throws(StoreError) in
                SinkLane(
                    index: index, epoch: UInt64(bitPattern: row.number()),
                    position: SequenceNumber(rawValue: UInt64(bitPattern: row.number())))
            }
            guard let lane = lanes.first else {
                throw connection.error(.other, "lane \(index) was claimed, but its row is missing")
            }
            return lane
        }

        /// Moves a lane inside a transaction. Throws `fenced` or `setBack` if its epoch or position isn't the expected
        /// one.
        func move(
            _ lane: SinkLane, to position: SequenceNumber, key: String, at time: Timestamp
        ) throws(StoreError) {
            moveLane.bind(Int64(bitPattern: position.rawValue))
            moveLane.bind(time.rawValue)
            moveLane.bind(key)
            moveLane.bind(Int64(lane.index))
            moveLane.bind(Int64(bitPattern: lane.epoch))
            moveLane.bind(Int64(bitPattern: lane.position.rawValue))
            guard try moveLane.run() == 1 else {
                throw connection.lanesMoved(of: key, expected: [lane], found: try read(key))
            }
        }

        /// Returns those of the lanes that were ever claimed, in any order.
        func read(_ indices: Range<Int>, key: String) throws(StoreError) -> [SinkLane] {
            try read(key).filter { indices.contains($0.index) }
        }

        private func read(_ key: String) throws(StoreError) -> [SinkLane] {
            readLanes.bind(key)
            return try readLanes.all { (row) throws(StoreError) in row.lane() }
        }
    }
#endif
