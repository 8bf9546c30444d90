/// The segments that are ready for use, and the decision about when to make the next one. It has no side effects:
/// maintenance makes the files.
struct SegmentPipeline {
    /// A step for maintenance.
    enum Step: Equatable {
        /// The file may be smaller, down to `least`, if the disk has no space for more.
        case make(number: UInt64, capacity: Int, least: Int)
        /// The disk budget is used up, and old segments may be removed.
        case freeSpace(sizeMax: Int)
        /// The disk budget is used up. A consumer in another process may have moved on since its file was read.
        case refreshConsumers
        /// The disk budget is used up, and the waiting appends must fail.
        case failWaitersOverBudget
    }

    /// The inputs of the decision apart from the pipeline itself.
    struct Surroundings {
        /// The number of segments to keep ready.
        var readyMax: Int
        /// The part of the disk budget that producers may use.
        var budget: Int?
        var diskSize: Int
        /// Whether a segment has ended and isn't sealed yet.
        var hasUnsealedEnd: Bool
    }

    private static let retryInterval: Duration = .milliseconds(100)
    private static let capacityMin = 1 << 20
    /// The factor by which files grow from one to the next after an opening, until they reach the configured size. The
    /// first ones are small: opening waits for one, an idle log keeps them ready, and a process may open a thousand
    /// logs.
    ///
    /// With two segments ready, the next file is made while the two before it are filled, which together are a third of
    /// its size. So producers don't wait if they fill files at less than a third of the rate at which files are made. A
    /// lower factor means more segments at first, and the end of each takes syncs: with a factor of 2, 64 threads made
    /// 0.93 of the durable appends in the first two seconds of a log.
    private static let growth = 4
    private static let capacityStep = 64 << 10
    /// The longest wait for a seal. Only sealing shows the budget that is left, and a producer that stops in the middle
    /// of an append delays it.
    private static let sealingTimeout: Duration = .seconds(1)

    /// The shortest time between two readings of the consumers' files. Each append that fails at the budget asks for a
    /// segment, and a reading costs some system calls.
    private static let refreshInterval: Duration = .milliseconds(20)

    private(set) var ready: [PreparedSegment] = []
    private var nextNumber: UInt64
    /// The capacity of the next file.
    private var capacity: Int
    private let capacityMax: Int
    /// Whether the files haven't reached the configured size since the opening.
    private var isGrowing = true
    /// The capacity that the append that waits for a segment needs.
    private var least = WriteAheadLog.Configuration.segmentSizeMin
    /// Whether an append waits for a segment.
    private(set) var isDemanded = false
    /// The error of the last attempt to make a segment, cleared when the next append asks.
    private var failure: WALError?
    private var failureTime: ContinuousClock.Instant?
    /// The size that the disk had no space for, although it may have some for smaller segments, and its error.
    private var refusal: (least: Int, error: WALError, time: ContinuousClock.Instant)?
    /// The error of the last attempt to make a segment; nil after a success.
    private(set) var obstacle: WALError?
    private(set) var isOverBudget = false
    /// The start of the wait for a pending seal; nil while nothing waits for one.
    private var sealingWaitStart: ContinuousClock.Instant?
    /// The time of the last reading of the consumers' files because of the budget.
    private var refreshTime: ContinuousClock.Instant?

    /// Makes the pipeline of an opening. `capacity` is the configured size of segments, and `first` that of the first ones.
    init(nextNumber: UInt64, capacity: Int, first: Int) {
        self.nextNumber = nextNumber
        self.capacity = min(capacity, first)
        capacityMax = capacity
    }

    var diskSize: Int { ready.reduce(0) { $0 + $1.mapping.size } }

    /// Decides on the next step; nil if there is none. `isOldestRemovable` returns whether retention may remove a
    /// segment to get below a size, and `logFull` makes the error.
    mutating func next(
        _ surroundings: Surroundings, isOldestRemovable: (Int) -> Bool, logFull: () -> WALError
    ) -> Step? {
        guard hasPlace(readyMax: surroundings.readyMax) else { return nil }
        if let budget = surroundings.budget, surroundings.diskSize + capacity > budget {
            let sizeMax = budget - capacity
            if isOldestRemovable(sizeMax) { return .freeSpace(sizeMax: sizeMax) }
            guard isDemanded else { return nil }
            if surroundings.hasUnsealedEnd, waitsForSealing() { return nil }
            if isRefreshDue() { return .refreshConsumers }
            isOverBudget = true
            obstacle = logFull()
            return .failWaitersOverBudget
        }
        sealingWaitStart = nil
        nextNumber += 1
        return .make(number: nextNumber - 1, capacity: capacity, least: least)
    }

    /// Whether another segment may be made now. Cheap, because maintenance asks at each change of the catalog.
    func hasPlace(readyMax: Int) -> Bool {
        ready.count < readyMax && failure == nil && !isOverBudget
    }

    private mutating func waitsForSealing() -> Bool {
        let start = sealingWaitStart ?? .now
        sealingWaitStart = start
        return ContinuousClock.now - start < Self.sealingTimeout
    }

    private mutating func isRefreshDue() -> Bool {
        if let refreshTime, ContinuousClock.now - refreshTime < Self.refreshInterval { return false }
        refreshTime = .now
        return true
    }

    /// Returns the capacity of a file for which `wanted` bytes are planned. The file takes at most half of the disk's
    /// free space, unless `least` is more. So an almost full disk isn't filled with zeros, and smaller and smaller
    /// files use it up.
    static func capacity(_ wanted: Int, least: Int, free: UInt64?) -> Int {
        guard let free, free / 2 < UInt64(wanted) else { return wanted }
        return max(least, Int(free / 2) / capacityStep * capacityStep)
    }

    /// Adds a prepared segment.
    ///
    /// - Parameter isCut: Whether the disk had no space for a larger one. The next files grow from this one's size.
    mutating func add(_ segment: PreparedSegment, isCut: Bool = false) {
        ready.append(segment)
        obstacle = nil
        let size = segment.mapping.size
        // An append may have asked for a larger one since this one was begun.
        if size >= least {
            isDemanded = false
            least = WriteAheadLog.Configuration.segmentSizeMin
        }
        if let refusal, size >= refusal.least { self.refusal = nil }
        guard isCut else { return }
        capacity = max(size, least)
        isGrowing = true
    }

    mutating func fail(_ error: WALError) {
        obstacle = error
        defer { least = WriteAheadLog.Configuration.segmentSizeMin }
        if error.code == .diskFull, least > WriteAheadLog.Configuration.segmentSizeMin {
            // The next attempt makes a smaller one, for the appends that need no more.
            refusal = (least, error, .now)
        } else {
            failure = error
            failureTime = .now
        }
    }

    /// Returns the error of an append that gets no segment for a frame of `size` bytes; nil if it may wait for one.
    func failure(for size: Int) -> WALError? {
        if let failure { return failure }
        guard let refusal, rounded(2 * size) >= refusal.least else { return nil }
        return refusal.error
    }

    mutating func takeFirst() -> PreparedSegment { ready.removeFirst() }

    mutating func takeAll() -> [PreparedSegment] {
        defer { ready = [] }
        return ready
    }

    /// Notes that an append needs a segment, for a frame of `size` bytes. A failure that is older than
    /// ``retryInterval`` no longer counts, and another attempt follows.
    mutating func demand(for size: Int = 0) {
        isDemanded = true
        isOverBudget = false
        if failureTime.map({ ContinuousClock.now - $0 >= Self.retryInterval }) ?? true { failure = nil }
        let needed = rounded(2 * size)
        if let refusal, needed >= refusal.least {
            guard ContinuousClock.now - refusal.time >= Self.retryInterval else { return }
            self.refusal = nil
        }
        least = max(least, needed)
        capacity = max(capacity, least)
    }

    /// Notes that space within the budget may be free again.
    mutating func recheckBudget() { isOverBudget = false }

    /// Notes that a segment has ended, other than by the number of its records. Such ends come in bursts.
    mutating func segmentEndedBySize() {
        capacity = isGrowing ? min(capacity * Self.growth, capacityMax) : capacityMax
        isGrowing = capacity < capacityMax
    }

    /// Notes that a segment has ended by the number of its records, and adapts the capacity. Twice the size of these
    /// records leaves space while the next segment is made. The capacity is at least half of the last one, because
    /// bursts rarely come alone.
    mutating func segmentEndedByRecords(at end: SegmentEnd) {
        capacity = rounded(max(2 * end.offset, capacity / 2, Self.capacityMin))
    }

    /// Rounds a size up to a multiple of ``capacityStep``, and limits it to the configured one.
    private func rounded(_ size: Int) -> Int {
        min((size + Self.capacityStep - 1) / Self.capacityStep * Self.capacityStep, capacityMax)
    }

    /// Tries again after an obstacle although no append asks: while appends fail immediately, none waits for a segment.
    mutating func retryIfDue(isWithoutSegment: Bool) {
        guard let obstacle else { return }
        // While appends succeed, try rarely: on a full disk, an attempt uses the space that is left.
        let isDue = failureTime.map { ContinuousClock.now - $0 >= .seconds(10) } ?? true
        if isWithoutSegment || obstacle.code == .logFull || isDue { demand() }
    }
}
