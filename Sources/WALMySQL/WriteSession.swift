#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The changes, prepared on a connection that writes.
    final class WriteSession: Session, ChangeSession {
        static let isReadOnly = false
        let connection: Connection
        let lanes: LaneStatements
        let deadLetters: DeadLetterTable
        private let saveTasks: RowStatement
        private let logActivities: RowStatement
        private let updateStatuses: RowStatement
        private let deleteTasks: RowStatement
        private let deleteDAG: RowStatement
        private let removeTasks: RowStatement
        private let removeActivities: RowStatement

        /// Connects, and creates or migrates the tables.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings, access: .readWrite)
            try Schema.migrate(connection)
            self.connection = connection
            lanes = try LaneStatements(connection, .ofStores)
            deadLetters = try DeadLetterTable(connection)
            saveTasks = try RowStatement(WriteSQL.saveTasks, on: connection)
            logActivities = try RowStatement(WriteSQL.logActivities, on: connection)
            updateStatuses = try RowStatement(WriteSQL.updateStatuses, on: connection)
            deleteTasks = try RowStatement(WriteSQL.deleteTasks, on: connection)
            deleteDAG = try RowStatement(WriteSQL.deleteDAG, on: connection)
            removeTasks = try RowStatement(WriteSQL.removeTasks, on: connection)
            removeActivities = try RowStatement(WriteSQL.removeActivities, on: connection)
        }

        func write(_ mutations: [TaskMutation]) throws(StoreError) {
            try apply(mutations.map { TaskBatch.Operation($0) }) { (work) throws(StoreError) in try run(work) }
        }

        /// The rows of one statement, with the operations that they came from.
        struct Work {
            let statement: RowStatement
            let table: RowTable
            /// The index of each row's operation.
            let operations: [Int]
            /// Whether the statement removes a part of its rows at each run, and runs until none is left.
            var isPartial = false
        }

        /// Divides operations into sets of rows, and calls `run` with each set, in order.
        func apply(
            _ operations: [TaskBatch.Operation], _ run: (Work) throws(StoreError) -> Void
        ) throws(StoreError) {
            for section in BatchSection.cut(operations) {
                switch section {
                case .rows(let section):
                    for (statement, width, indexes) in [
                        (deleteTasks, 1, section.deletes), (saveTasks, 16, section.saves),
                        (updateStatuses, 6, section.updates), (logActivities, 9, section.activities),
                    ] where !indexes.isEmpty {
                        try run(work(statement, width: width, operations, indexes))
                    }
                case .barrier(let index):
                    guard let statement = statement(forAll: operations[index].mutation) else { continue }
                    var work = work(statement, width: 1, operations, [index])
                    work.isPartial = true
                    try run(work)
                }
            }
        }

        private func work(
            _ statement: RowStatement, width: Int, _ operations: [TaskBatch.Operation], _ indexes: [Int]
        ) -> Work {
            let table = RowTable(columnCount: width, capacity: indexes.count)
            for index in indexes { table.add(operations[index].mutation) }
            return Work(statement: statement, table: table, operations: indexes)
        }

        private func statement(forAll mutation: TaskMutation) -> RowStatement? {
            switch mutation {
            case .deleteDAG: deleteDAG
            case .removeTasks: removeTasks
            case .removeActivities: removeActivities
            case .save, .log, .updateStatus, .delete: nil
            }
        }

        /// Runs all rows, or those of a range. Returns the number of rows that were written, changed or found.
        @discardableResult
        func run(_ work: Work, _ rows: Range<Int>? = nil) throws(StoreError) -> Int {
            let rows = rows ?? 0..<work.table.count
            var count = try work.statement.run(work.table, rows)
            guard work.isPartial else { return count }
            var last = count
            while last == WriteSQL.partSize {
                last = try work.statement.run(work.table, rows)
                count += last
            }
            return count
        }
    }
#endif
