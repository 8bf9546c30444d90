/// A search in the rows of a store, page by page. It has the limits of a search in the log, but for that of bytes.
struct StoreSearch {
    static let pageMax = RecordSearch.rowsMax

    private let search: RecordSearch
    private let due = ContinuousClock.now + RecordSearch.timeMax
    private(set) var rows: [RecordRow] = []
    /// The number of rows that were examined, which is the offset of the next page.
    private(set) var scanned = 0
    /// The reason why the search ended; nil as long as it needs another page.
    private(set) var stopped: RecordSearch.Stop?

    init(_ search: RecordSearch) { self.search = search }

    /// Takes the next page of rows. A page of fewer than ``pageMax`` rows is the last one.
    mutating func take(_ page: [RecordRow]) {
        for row in page {
            guard rows.count < search.limit else {
                stopped = .limit
                return
            }
            scanned += 1
            if search.accepts(row) { rows.append(row) }
        }
        if page.count < Self.pageMax {
            stopped = .end
        } else if UInt64(scanned) >= RecordSearch.windowMax {
            stopped = .window
        } else if ContinuousClock.now >= due {
            stopped = .time
        }
    }
}
