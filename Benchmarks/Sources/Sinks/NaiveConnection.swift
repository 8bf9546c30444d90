import CNaive

/// A connection that writes row by row. Blocks its thread; for one thread at a time.
final class NaiveConnection {
    private let handle: OpaquePointer

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter open: Opens it, or puts a reason into the memory that it is given.
    init(_ open: (UnsafeMutablePointer<CChar>) -> OpaquePointer?) throws {
        var reason = ""
        let handle = withUnsafeTemporaryAllocation(of: CChar.self, capacity: naive_message_size) { message in
            message.initialize(repeating: 0)
            let handle = message.baseAddress.flatMap(open)
            if handle == nil, let text = message.baseAddress { reason = String(cString: text) }
            return handle
        }
        guard let handle else { throw Failure(description: "can't connect: \(reason)") }
        self.handle = handle
    }

    deinit {
        naive_close(handle)
    }

    /// The tables must be there.
    func prepare() throws {
        try check(naive_prepare(handle))
    }

    func write(_ row: NaiveRow) throws {
        try check(row.isTask ? naive_save(handle, row.values) : naive_log(handle, row.values))
    }

    /// Runs a statement; returns the first column of its first row, or nothing.
    @discardableResult
    func query(_ sql: String) throws -> String {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { text in
            text.initialize(repeating: 0)
            guard let start = text.baseAddress else { return "" }
            try check(naive_query(handle, sql, start, text.count))
            return String(cString: start)
        }
    }

    private func check(_ isDone: Bool) throws {
        guard isDone else { throw Failure(description: String(cString: naive_message(handle))) }
    }
}
