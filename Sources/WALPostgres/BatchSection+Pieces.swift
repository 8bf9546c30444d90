#if Postgres
    internal import WALTasks

    extension BatchSection {
        /// The approximate limit of one statement, in bytes. The server keeps several copies of the values, and takes
        /// at most 1 GiB.
        private static let sizeMax = 32 << 20

        /// The number of operations.
        var count: Int {
            switch self {
            case .rows(let rows): rows.count
            case .barrier: 1
            }
        }

        /// The indexes of the operations.
        private var indexes: [Int] {
            switch self {
            case .rows(let rows): rows.deletes + rows.saves + rows.updates + rows.activities
            case .barrier(let index): [index]
            }
        }

        /// The index of the one operation. Nil if there are several.
        var only: Int? {
            count == 1 ? indexes.first : nil
        }

        /// Divides operations into sections that each fit in one statement.
        static func pieces(of operations: [TaskBatch.Operation]) -> [BatchSection] {
            cut(operations).flatMap { $0.pieces(of: operations) }
        }

        /// Divides the section into pieces that each fit in one statement. Together they have the same effect.
        private func pieces(of operations: [TaskBatch.Operation]) -> [BatchSection] {
            guard case .rows(let rows) = self else { return [self] }
            var pieces: [BatchSection] = []
            var piece = RowSection()
            var size = 0
            func add(_ indexes: [Int], to kind: WritableKeyPath<RowSection, [Int]>) {
                for index in indexes {
                    let next = operations[index].mutation.textSize
                    if size + next > Self.sizeMax, piece.count > 0 {
                        pieces.append(.rows(piece))
                        piece = RowSection()
                        size = 0
                    }
                    piece[keyPath: kind].append(index)
                    size += next
                }
            }
            add(rows.deletes, to: \.deletes)
            add(rows.saves, to: \.saves)
            add(rows.updates, to: \.updates)
            add(rows.activities, to: \.activities)
            return pieces + (piece.count > 0 ? [.rows(piece)] : [])
        }

        /// The halves of a section that was refused, in the order in which to apply them. Changes of one task keep
        /// their order.
        var halves: [BatchSection] {
            guard case .rows(let rows) = self else { return [self] }
            var first = RowSection()
            var second = RowSection()
            var room = rows.count / 2
            for kind in [\RowSection.deletes, \.saves, \.updates, \.activities] {
                first[keyPath: kind] = Array(rows[keyPath: kind].prefix(room))
                second[keyPath: kind] = Array(rows[keyPath: kind].dropFirst(room))
                room -= first[keyPath: kind].count
            }
            return [.rows(first), .rows(second)]
        }
    }

    extension TaskMutation {
        /// The approximate size in bytes, by the texts that can be long.
        fileprivate var textSize: Int {
            func size(_ texts: String?...) -> Int { texts.reduce(64) { $0 + ($1?.utf8.count ?? 0) } }
            return switch self {
            case .save(let task):
                size(task.payload, task.error, task.processingState, task.subDAGPath, task.currentNodeID)
            case .log(let activity): size(activity.data, activity.message, activity.action, activity.level)
            case .updateStatus(_, _, let error, _): size(error)
            case .delete, .deleteDAG, .removeTasks, .removeActivities: 64
            }
        }
    }
#endif
