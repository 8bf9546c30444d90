#if SQLite
    internal import WAL
    internal import WALTasks

    extension WriteSession {
        /// Raises the epochs of the lanes, all or none.
        func claim(
            _ indices: Range<Int>, of laneCount: Int, log: LogID, owner: String
        ) throws(SQLiteError) -> [SinkLane] {
            let log = log.description
            return try connection.transaction { () throws(SQLiteError) in
                if let before = try lanes.count(log: log), before != laneCount {
                    throw SQLiteError(
                        .laneCountMismatch,
                        "the log \(log) had \(before) lanes here before, not \(laneCount): go back to \(before)",
                        path: connection.path)
                }
                var claimed: [SinkLane] = []
                for index in indices {
                    claimed.append(try lanes.claim(index, of: laneCount, log: log, owner: owner))
                }
                return claimed
            }
        }

        /// Applies a batch and moves its lanes, in one transaction. Rows that the database refuses become dead letters.
        func apply(_ batch: TaskBatch) throws(SQLiteError) -> SinkReceipt {
            let log = batch.log.description
            return try connection.transaction { () throws(SQLiteError) in
                let now = Timestamp.now
                for lane in batch.lanes {
                    try lanes.move(lane, to: batch.position, log: log, at: now)
                }
                var receipt = SinkReceipt(rowCount: 0)
                let part = batch.lanes.count == 1 ? batch.lanes.first?.index : nil
                for (record, letter) in batch.undecodable {
                    try deadLetters.insert(
                        letter, of: record, kind: "undecodable", rowID: nil, log: log, part: part, at: now)
                    receipt.deadLetters.append(letter)
                }
                for operation in batch.operations {
                    do throws(SQLiteError) {
                        receipt.rowCount += try apply(operation.mutation)
                    } catch {
                        // The statement is undone and the transaction goes on, unless a trigger has rolled it back.
                        guard error.code == .rowRefused, connection.isInTransaction else { throw error }
                        let letter = DeadLetter(
                            sequence: operation.record.sequence,
                            code: error.resultCode.map(String.init) ?? "\(error.code)", reason: error.message)
                        let (kind, rowID) = operation.mutation.kindAndRow
                        try deadLetters.insert(
                            letter, of: operation.record, kind: kind, rowID: rowID, log: log, part: part, at: now)
                        receipt.deadLetters.append(letter)
                    }
                }
                return receipt
            }
        }
    }

    extension TaskMutation {
        /// What a dead letter calls it, and the task, activity or DAG that it is about.
        fileprivate var kindAndRow: (kind: String, rowID: String?) {
            switch self {
            case .save(let task): ("save", task.id)
            case .log(let activity): ("log", activity.id)
            case .updateStatus(let id, _, _, _): ("updateStatus", id)
            case .delete(let id): ("delete", id)
            case .deleteDAG(let id): ("deleteDAG", id)
            case .removeTasks: ("removeTasks", nil)
            case .removeActivities: ("removeActivities", nil)
            }
        }
    }
#endif
