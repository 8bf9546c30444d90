internal import WAL

/// The open deliveries of a consumer, in order, and the position up to which everything is acknowledged.
struct ConsumerWindow {
    private struct Item {
        /// The last sequence number of the delivery.
        var through: SequenceNumber
        /// Whether the delivery has a number of its own. A gap whose end isn't known has that of the record before it.
        var isNumbered: Bool
        var isDone = false
    }

    /// The last sequence number up to which everything is acknowledged or has no record.
    private(set) var position: SequenceNumber
    /// The last sequence number that was delivered or has no record.
    private(set) var reached: SequenceNumber
    /// The last sequence number that an earlier start may have delivered.
    private let knownLast: SequenceNumber
    /// The number of earlier starts that may have delivered the first record after the position of this start.
    private let attempts: Int
    /// The last sequence number of the first delivery after the position of this start.
    private var front: SequenceNumber?
    private let limit: Int

    private var items: [Item] = []
    /// The number of items at the front that are no longer open.
    private var head = 0
    /// The ticket of the first item in `items`.
    private var firstTicket = 0
    /// The deliveries of this start that weren't acknowledged when an iteration ended, with their numbers.
    private var redeliveries: [SequenceNumber: Int] = [:]
    /// The deliveries that were acknowledged before an iteration ended, after one that wasn't.
    private var doneEarly: Set<SequenceNumber> = []

    init(position: SequenceNumber, knownLast: SequenceNumber, attempts: Int, limit: Int) {
        self.position = position
        reached = position
        self.knownLast = knownLast
        self.attempts = attempts
        self.limit = limit
    }

    /// The number of deliveries that aren't acknowledged, or come after one that isn't.
    var openCount: Int { items.count - head }
    var isFull: Bool { openCount >= limit }

    /// Notes that there are no records up to and including a number.
    mutating func pass(through: SequenceNumber) {
        reached = max(reached, through)
        if openCount == 0 { position = reached }
    }

    /// Adds a delivery up to and including a number. Returns its ticket and the number of earlier deliveries. Returns nil
    /// if it was acknowledged in an earlier iteration.
    mutating func deliver(through: SequenceNumber) -> (ticket: Int, redeliveries: Int)? {
        let isNumbered = through > reached
        if isNumbered, doneEarly.remove(through) != nil {
            if openCount == 0 {
                pass(through: through)
            } else {
                // Another iteration may begin before the older ones are acknowledged.
                reached = through
                items.append(Item(through: through, isNumbered: true, isDone: true))
            }
            return nil
        }
        reached = max(reached, through)
        items.append(Item(through: reached, isNumbered: isNumbered))
        let ticket = firstTicket + items.count - 1
        guard isNumbered else { return (ticket, 0) }
        if front == nil { front = through }
        let earlier = through == front && through <= knownLast ? attempts : 0
        return (ticket, earlier + (redeliveries[through] ?? 0))
    }

    /// Acknowledges a delivery. Returns whether the window has more room.
    mutating func acknowledge(_ ticket: Int) -> Bool {
        let index = ticket - firstTicket
        guard index >= head, index < items.count else { return false }
        items[index].isDone = true
        let before = openCount
        while head < items.count, items[head].isDone {
            position = items[head].through
            redeliveries[position] = nil
            head += 1
        }
        if head == items.count { position = reached }
        compact()
        return openCount < before
    }

    mutating func acknowledgeAll() {
        redeliveries = [:]
        firstTicket += items.count
        items.removeAll(keepingCapacity: true)
        head = 0
        position = reached
    }

    private mutating func compact() {
        guard head == items.count || head >= 1024 else { return }
        items.removeFirst(head)
        firstTicket += head
        head = 0
    }

    /// Begins a new iteration after the position. A record that was acknowledged isn't delivered again.
    mutating func restart() {
        for item in items[head...] where item.isNumbered {
            if item.isDone { doneEarly.insert(item.through) } else { redeliveries[item.through, default: 0] += 1 }
        }
        firstTicket += items.count
        items.removeAll(keepingCapacity: true)
        head = 0
        reached = position
    }
}
