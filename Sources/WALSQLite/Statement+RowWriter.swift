#if SQLite
    internal import WAL
    internal import WALTasks

    extension Statement: RowWriter {
        func add(_ text: String?) { bind(text) }
        func add(_ number: Int32) { bind(Int64(number)) }
        func add(_ time: Timestamp?) { bind(time?.rawValue) }
    }
#endif
