import Testing

@testable import WAL

/// An outage of an hour is logged, with few lines.
@Suite struct StateLogPacerTests {
    @Test func aStateThatLastsIsLoggedEverMoreRarely() {
        var pacer = StateLogPacer()
        var lines: [Int: StateLogPacer.Line] = [:]
        for second in 0...3600 {
            lines[second] = pacer.line(isOn: (100..<3000).contains(second), at: .seconds(second))
        }
        let expected: [Int: StateLogPacer.Line] = [
            100: .began, 110: .lasts(.seconds(10)), 160: .lasts(.seconds(60)), 700: .lasts(.seconds(600)),
            1300: .lasts(.seconds(1200)), 1900: .lasts(.seconds(1800)), 2500: .lasts(.seconds(2400)),
            3000: .ended(.seconds(2900)),
        ]
        #expect(lines == expected)
    }

    /// The caller asks late: no line comes twice, and none is added later.
    @Test func pausesOfWhoAsksAreNotCaughtUpOn() {
        var pacer = StateLogPacer()
        #expect(pacer.line(isOn: false, at: .seconds(1)) == nil)
        #expect(pacer.line(isOn: true, at: .seconds(2)) == .began)
        #expect(pacer.line(isOn: true, at: .seconds(902)) == .lasts(.seconds(900)))
        #expect(pacer.line(isOn: true, at: .seconds(903)) == nil)
        #expect(pacer.line(isOn: true, at: .seconds(1202)) == .lasts(.seconds(1200)))
        #expect(pacer.line(isOn: false, at: .seconds(1203)) == .ended(.seconds(1201)))
        #expect(pacer.line(isOn: true, at: .seconds(1204)) == .began)
    }
}
