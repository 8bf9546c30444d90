/// Where threads sleep until a pass of group commit ends: those of the running pass in one place, those of the next in another.
struct PassSleepers {
    private let even = WaitWord()
    private let odd = WaitWord()

    struct Moment {
        fileprivate let even: UInt32
        fileprivate let odd: UInt32
    }

    var moment: Moment { Moment(even: even.moment, odd: odd.moment) }

    func sleep(until pass: UInt64, since moment: Moment) {
        self[pass].sleep(since: pass & 1 == 0 ? moment.even : moment.odd)
    }

    subscript(_ pass: UInt64) -> WaitWord { pass & 1 == 0 ? even : odd }
}
