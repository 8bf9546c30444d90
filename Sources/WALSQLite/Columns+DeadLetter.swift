#if SQLite
    internal import WAL
    internal import WALTasks

    extension Columns {
        static let deadLetter = "log_id, position, part, kind, row_id, body, error_code, error_message, created_at"
    }

    extension Statement {
        func bind(_ letter: StoredDeadLetter) {
            bind(letter.id)
            bind(letter.lane.map(Int64.init))
            bind(letter.kind)
            bind(letter.rowID)
            bind(letter.body[...])
            bind(letter.code)
            bind(letter.reason)
            bind(letter.time.rawValue)
        }

        func bind(_ id: StoredDeadLetter.ID) {
            bind(id.log.description)
            bind(Int64(bitPattern: id.sequence.rawValue))
        }
    }
#endif
