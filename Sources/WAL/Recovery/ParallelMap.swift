/// A map over the segments of a log that gives half of the work to a second thread.
enum ParallelMap {
    /// Maps the elements. If `ifWorthwhile` is false, a thread would cost more than it saves, and the calling thread
    /// does all of the work. The second thread takes the elements from `split` on, or half of them.
    static func map<Element: Sendable, Output: Sendable>(
        _ elements: [Element], split: Int? = nil, ifWorthwhile: Bool,
        _ transform: @escaping @Sendable (Element) throws(WALError) -> Output
    ) throws(WALError) -> [Output] {
        guard ifWorthwhile else { return try elements.map(transform) }
        let split = split ?? elements.count / 2
        let (first, second) = (elements[..<split], elements[split...])
        let others = Monitor<Result<[Output], WALError>?>(nil)
        try NamedThread.start("wal-recovery") {
            let result = Result { () throws(WALError) in try second.map(transform) }
            others.withLock { $0 = result }
            others.notifyAll()
        }
        let results = Result { () throws(WALError) in try first.map(transform) }
        guard let rest = others.wait({ $0 }) else { return try elements.map(transform) }
        return try results.get() + rest.get()
    }
}
