/// The duties of ``SharedThreads``: the turns that are due, in order, and the times of later ones.
struct DutyRota {
    typealias Turn = @Sendable () -> Duty.Next

    private enum Phase {
        case waiting
        /// In ``due``.
        case queued
        case running
        /// Another turn was asked for during this one.
        case runningAndWoken
    }

    private struct Entry {
        let turn: Turn
        var phase: Phase
        /// The time of the next turn, if it is in ``timetable``.
        var time: ContinuousClock.Instant?
    }

    private struct Time: Comparable {
        var instant: ContinuousClock.Instant
        var number: Int

        static func < (a: Time, b: Time) -> Bool { (a.instant, a.number) < (b.instant, b.number) }
    }

    private var entries: [Int: Entry] = [:]
    private var lastNumber = 0
    private var due: [Int] = []
    /// The times of turns, the latest first.
    private var timetable: [Time] = []
    private var runningCount = 0

    var isEmpty: Bool { entries.isEmpty }
    /// Whether there are duties that don't run.
    var hasIdleDuties: Bool { entries.count > runningCount }
    var hasDue: Bool { !due.isEmpty }
    /// The time of the next turn in the timetable.
    var nextTime: ContinuousClock.Instant? { timetable.last?.instant }

    /// Adds a duty, which waits. Returns its number.
    mutating func add(_ turn: @escaping Turn) -> Int {
        lastNumber += 1
        entries[lastNumber] = Entry(turn: turn, phase: .waiting)
        return lastNumber
    }

    /// Notes that a turn is due. Returns whether a thread can take it now.
    mutating func wake(_ number: Int) -> Bool {
        switch entries[number]?.phase {
        case .waiting:
            setTime(nil, of: number)
            queue(number)
            return true
        case .running:
            entries[number]?.phase = .runningAndWoken
            return false
        case .queued, .runningAndWoken, nil: return false
        }
    }

    /// Returns a turn that is due, which then runs; nil if there is none.
    mutating func takeDue() -> (number: Int, turn: Turn)? {
        if !timetable.isEmpty {
            let now = ContinuousClock.now
            while let last = timetable.last, last.instant <= now {
                setTime(nil, of: last.number)
                queue(last.number)
            }
        }
        guard !due.isEmpty else { return nil }
        let number = due.removeFirst()
        guard let turn = entries[number]?.turn else { return nil }
        entries[number]?.phase = .running
        runningCount += 1
        return (number, turn)
    }

    /// Notes that a turn has ended.
    mutating func finish(_ number: Int, _ next: Duty.Next) {
        guard let phase = entries[number]?.phase else { return }
        runningCount -= 1
        switch (next, phase) {
        case (.again, _), (.wait, .runningAndWoken): queue(number)
        case (.wait(let time), _):
            entries[number]?.phase = .waiting
            setTime(time, of: number)
        }
    }

    /// Removes a duty. Returns false if its turn runs; it is removed all the same, and another turn doesn't follow.
    mutating func remove(_ number: Int) -> Bool {
        setTime(nil, of: number)
        due.removeAll { $0 == number }
        switch entries.removeValue(forKey: number)?.phase {
        case .running, .runningAndWoken:
            runningCount -= 1
            return false
        case .waiting, .queued, nil: return true
        }
    }

    private mutating func queue(_ number: Int) {
        entries[number]?.phase = .queued
        due.append(number)
    }

    private mutating func setTime(_ instant: ContinuousClock.Instant?, of number: Int) {
        if let old = entries[number]?.time { timetable.remove(at: place(Time(instant: old, number: number))) }
        entries[number]?.time = instant
        if let instant {
            let time = Time(instant: instant, number: number)
            timetable.insert(time, at: place(time))
        }
    }

    /// Returns the index of a time in the timetable, or the index at which it belongs there.
    private func place(_ time: Time) -> Int {
        timetable.prefixCount { $0 > time }
    }
}
