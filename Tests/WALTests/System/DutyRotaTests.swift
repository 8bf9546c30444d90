import TestSupport
import Testing

@testable import WAL

@Suite struct DutyRotaTests {
    private static let turn: DutyRota.Turn = { .wait(until: nil) }
    private let start = ContinuousClock.now

    /// A time in the past, later for higher numbers.
    private func past(_ number: Int) -> ContinuousClock.Instant { start - .seconds(1000) + .milliseconds(number) }

    /// A rota of duties whose turns are due at these times.
    private func rota(_ times: [ContinuousClock.Instant?]) -> (DutyRota, [Int]) {
        var rota = DutyRota()
        var numbers: [Int] = []
        for _ in times {
            numbers.append(rota.add(Self.turn))
            _ = rota.wake(numbers[numbers.count - 1])
            _ = rota.takeDue()
        }
        for (number, time) in zip(numbers, times) { rota.finish(number, .wait(until: time)) }
        return (rota, numbers)
    }

    private func takeAll(_ rota: inout DutyRota) -> [Int] {
        var taken: [Int] = []
        while let (number, _) = rota.takeDue() { taken.append(number) }
        return taken
    }

    @Test func turnsComeInTheOrderOfTheirTimes() {
        let order = Array(0..<100).shuffled()
        var (rota, numbers) = rota(order.map { past($0) })
        #expect(rota.nextTime == past(0))
        let taken = takeAll(&rota)
        #expect(taken == zip(order, numbers).sorted { $0.0 < $1.0 }.map(\.1))
        #expect(!rota.hasIdleDuties)
    }

    @Test func equalTimesAreAllTaken() {
        var (rota, numbers) = rota(Array(repeating: past(1), count: 10))
        let taken = takeAll(&rota)
        #expect(taken.sorted() == numbers)
        #expect(rota.nextTime == nil)
    }

    @Test func laterTimesWait() {
        let later = start + .seconds(1000)
        var (rota, numbers) = rota([later, past(1), nil])
        let taken = takeAll(&rota)
        #expect(taken == [numbers[1]])
        #expect(rota.nextTime == later)
        #expect(rota.hasIdleDuties)
    }

    @Test func aWakeUpReplacesTheTime() {
        var (rota, numbers) = rota([start + .seconds(1000)])
        let isDue = rota.wake(numbers[0])
        #expect(isDue)
        #expect(rota.nextTime == nil)
        let isDueAgain = rota.wake(numbers[0])
        #expect(!isDueAgain)
        let taken = takeAll(&rota)
        #expect(taken == numbers)
        #expect(!rota.hasDue)
    }

    @Test func aDutyThatWasWokenDuringItsTurnIsDue() {
        var rota = DutyRota()
        let number = rota.add(Self.turn)
        _ = rota.wake(number)
        _ = rota.takeDue()
        let isDue = rota.wake(number)
        #expect(!isDue)
        #expect(!rota.hasDue)
        rota.finish(number, .wait(until: start + .seconds(1000)))
        #expect(rota.hasDue)
        #expect(rota.nextTime == nil)
    }

    @Test func whatIsRemovedNeverComesAgain() {
        var (rota, numbers) = rota([past(1), start + .seconds(1000), nil])
        let running = rota.takeDue()?.number
        #expect(running == numbers[0])
        _ = rota.wake(numbers[2])
        let didWait = numbers.map { rota.remove($0) }
        #expect(didWait == [false, true, true])
        rota.finish(numbers[0], .again)
        let taken = takeAll(&rota)
        #expect(taken == [])
        #expect(rota.isEmpty)
        #expect(rota.nextTime == nil)
        #expect(!rota.hasIdleDuties)
    }
}
