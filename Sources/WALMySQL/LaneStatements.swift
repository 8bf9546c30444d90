#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// Claims, moves and reads the lanes of a log in a table of positions. A `key` is the value of the table's key.
    struct LaneStatements: LaneQueries {
        private let connection: Connection
        private let countLanes: Statement
        private let readLanes: Statement
        private let claimLanes: RowStatement
        private let moveLanes: RowStatement

        init(_ connection: Connection, _ table: PositionTable) throws(StoreError) {
            self.connection = connection
            countLanes = try Statement(
                "SELECT parts FROM \(table.name) WHERE \(table.key) = ? LIMIT 1", named: "count lanes", on: connection)
            readLanes = try Statement(
                """
                SELECT part, epoch, position FROM \(table.name) WHERE \(table.key) = ? AND part >= ? AND part < ? \
                ORDER BY part
                """, named: "read lanes", on: connection)
            claimLanes = try RowStatement(WriteSQL.claimLanes(table), on: connection)
            moveLanes = try RowStatement(WriteSQL.moveLanes(table), on: connection)
        }

        /// Raises the epochs of the lanes in one transaction, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, key: String, owner: String
        ) throws(StoreError) -> [SinkLane] {
            // A new log has no row yet on which a claim with another number of lanes would wait for this one.
            try connection.locked("wal_sink.\(log)") { () throws(StoreError) in
                try connection.transaction { () throws(StoreError) in
                    if let before = try count(key), before != laneCount {
                        throw connection.laneCountMismatch(of: key, before: before, now: laneCount)
                    }
                    return try claim(indices, of: laneCount, key: key, owner: owner)
                }
            }
        }

        /// Returns the number of lanes of the log, or nil if none was claimed yet.
        private func count(_ key: String) throws(StoreError) -> Int64? {
            countLanes.bind(key)
            return try countLanes.first { (row) throws(StoreError) in row.number() }
        }

        /// Raises the epochs, and reads the new ones while the transaction holds the rows' locks.
        private func claim(
            _ indices: Range<Int>, of laneCount: Int, key: String, owner: String
        ) throws(StoreError) -> [SinkLane] {
            let now = Timestamp.now
            let table = RowTable(columnCount: 5, capacity: indices.count)
            for index in indices {
                table.add(key)
                table.add(Int64(index))
                table.add(Int64(laneCount))
                table.add(owner)
                table.add(now)
            }
            try claimLanes.run(table)
            let lanes = try read(indices, key)
            guard lanes.map(\.index) == Array(indices) else {
                throw connection.error(.other, "the lanes \(indices) were claimed, but rows of them are missing")
            }
            return lanes
        }

        /// Returns those of the lanes that were ever claimed.
        ///
        /// The connection of an idle session may have ended long ago. So the query is in a transaction, whose first
        /// statement the session can repeat on another connection.
        func read(_ indices: Range<Int>, key: String) throws(StoreError) -> [SinkLane] {
            try connection.transaction { () throws(StoreError) in try read(indices, key) }
        }

        private func read(_ indices: Range<Int>, _ key: String) throws(StoreError) -> [SinkLane] {
            readLanes.bind(key)
            readLanes.bind(Int64(indices.lowerBound))
            readLanes.bind(Int64(indices.upperBound))
            return try readLanes.all { (row) throws(StoreError) in row.lane() }
        }

        /// Moves lanes inside a transaction. Throws `fenced` or `setBack` if the epoch or position of one isn't the
        /// expected one.
        func move(
            _ lanes: [SinkLane], to position: SequenceNumber, key: String, at time: Timestamp
        ) throws(StoreError) {
            let runs = Self.runs(of: lanes)
            let table = RowTable(columnCount: 7, capacity: runs.count)
            for run in runs {
                table.add(Int64(bitPattern: position.rawValue))
                table.add(time)
                table.add(key)
                table.add(Int64(run.first.index))
                table.add(Int64(run.lastIndex))
                table.add(Int64(bitPattern: run.first.epoch))
                table.add(Int64(bitPattern: run.first.position.rawValue))
            }
            let count = try moveLanes.run(table)
            guard count == lanes.count else {
                throw connection.lanesMoved(of: key, expected: lanes, found: try read(0..<Int(Int32.max), key))
            }
        }

        /// Returns the runs of adjacent lanes with the same epoch and position, in order. Nearly all lanes have the
        /// same ones, and one update for a run costs the server a fraction of one update for each lane. Because of the
        /// order, owners that wait for each other's rows wait in a queue and not in a cycle.
        private static func runs(of lanes: [SinkLane]) -> [(first: SinkLane, lastIndex: Int)] {
            var runs: [(first: SinkLane, lastIndex: Int)] = []
            for lane in lanes.sorted(by: { $0.index < $1.index }) {
                if let run = runs.last, lane.index == run.lastIndex + 1, lane.epoch == run.first.epoch,
                    lane.position == run.first.position
                {
                    runs[runs.count - 1].lastIndex = lane.index
                } else {
                    runs.append((lane, lane.index))
                }
            }
            return runs
        }
    }
#endif
