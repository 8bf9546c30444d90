internal import WAL

/// How many records a worker's next batch has: grows by a quarter while full batches are applied faster than wanted, and is
/// halved when one takes longer, or meets others' locks. Pure.
///
/// Neither goes below ``sizeMin``, where the commit costs more than the rows. A batch that the sink's limits of time or memory
/// don't let through goes down to one record.
struct BatchSizer {
    let sizeMin: Int
    let sizeMax: Int
    let target: ClosedRange<Duration>
    private(set) var size: Int

    /// `size` is what to begin with; a smaller `sizeMax` keeps it there.
    init(size: Int, sizeMax: Int, target: ClosedRange<Duration>) {
        self.size = size
        self.sizeMax = max(size, sizeMax)
        // Below this the commit costs more than the rows.
        sizeMin = min(size, sizeMax <= size ? size : 50)
        self.target = target
    }

    /// A batch with so many records was applied.
    mutating func applied(_ count: Int, in duration: Duration) {
        if duration > target.upperBound, count >= size / 2 {
            shrink()
        } else if duration < target.lowerBound, count >= size {
            size = min(sizeMax, size + max(1, size / 4))
        }
    }

    /// A batch failed for now.
    mutating func failed() {
        shrink()
    }

    /// A batch with so many records was too much for the sink.
    mutating func overloaded(by count: Int) {
        size = max(1, min(size, count) / 2)
    }

    private mutating func shrink() {
        size = min(size, max(sizeMin, size / 2))
    }
}
