internal import WAL

/// The number of records in a worker's next batch. Pure.
///
/// The size grows by a quarter while full batches are applied faster than the target. It is halved when a batch takes
/// longer than the target, or when it waits for locks of other clients. In both cases it stays at or above
/// ``sizeMin``, below which the commit costs more than the rows. Only a batch that exceeds the sink's limits of time
/// or memory shrinks further, down to one record.
struct BatchSizer {
    let sizeMin: Int
    let sizeMax: Int
    let target: ClosedRange<Duration>
    private(set) var size: Int

    /// Makes a sizer that begins with `size`. If `sizeMax` is not larger, the size never grows.
    init(size: Int, sizeMax: Int, target: ClosedRange<Duration>) {
        self.size = size
        self.sizeMax = max(size, sizeMax)
        // Below this the commit costs more than the rows.
        sizeMin = min(size, sizeMax <= size ? size : 50)
        self.target = target
    }

    /// Adapts the size after a batch of `count` records was applied.
    mutating func applied(_ count: Int, in duration: Duration) {
        if duration > target.upperBound, count >= size / 2 {
            shrink()
        } else if duration < target.lowerBound, count >= size {
            size = min(sizeMax, size + max(1, size / 4))
        }
    }

    /// Adapts the size after a batch of `count` records overloaded the sink.
    mutating func overloaded(by count: Int) {
        size = max(1, min(size, count) / 2)
    }

    /// Halves the size, after a slow batch or a transient failure.
    mutating func shrink() {
        size = min(size, max(sizeMin, size / 2))
    }
}
