import Testing

@testable import WAL

/// A pin that counts for too long fills the disk. A pin that the log drops too early loses a consumer's records.
@Suite struct ConsumerPinsTests {
    private static let log = LogID(low: 1, high: 2)
    private static let start = SuspendingClock.now

    private static func state(_ position: UInt64, savedAt: Int64 = 0) -> ConsumerState {
        ConsumerState(
            logID: log, position: position, process: 1, processStart: 1, savedAt: savedAt, lifetime: 10_000_000,
            pinnedBytesMax: 100)
    }

    private static func found(
        _ name: String, _ content: ConsumerFolder.Content, bytes: UInt64 = 0
    ) -> ConsumerPins.Found {
        ConsumerPins.Found(name: name, content: content, pinnedBytes: bytes)
    }

    @Test func theLowestPositionCounts() {
        var pins = ConsumerPins()
        #expect(pins.passed == nil)
        pins.update(
            [Self.found("a", .state(Self.state(7))), Self.found("b", .state(Self.state(3)))], logID: Self.log,
            now: Self.start)
        #expect(pins.passed == 3)
        pins.update(
            [Self.found("a", .state(Self.state(7))), Self.found("b", .missing)], logID: Self.log, now: Self.start)
        #expect(pins.passed == 7)
        pins.update([], logID: Self.log, now: Self.start)
        #expect(pins.passed == nil)
        #expect(pins.takeChanges().isEmpty)
    }

    @Test func aConsumerExpiresAfterItsLifetimeWithoutASave() {
        var pins = ConsumerPins()
        func update(_ state: ConsumerState, after seconds: Double) {
            pins.update([Self.found("a", .state(state))], logID: Self.log, now: Self.start + .seconds(seconds))
        }
        // The time of the file doesn't matter: the consumer may have another clock.
        update(Self.state(3, savedAt: .min), after: 0)
        update(Self.state(3, savedAt: .min), after: 9)
        #expect(pins.passed == 3)
        update(Self.state(3, savedAt: 1), after: 9)
        update(Self.state(3, savedAt: 1), after: 18)
        #expect(pins.passed == 3)
        update(Self.state(3, savedAt: 1), after: 19)
        #expect(pins.passed == .max)
        #expect(pins.takeChanges().map(\.kind) == [.released(.expired)])
        update(Self.state(3, savedAt: 1), after: 30)
        #expect(pins.takeChanges().isEmpty)
        update(Self.state(3, savedAt: 2), after: 31)
        #expect(pins.passed == 3)
        #expect(pins.takeChanges().map(\.kind) == [.kept])
    }

    @Test func otherReasons() {
        var pins = ConsumerPins()
        var foreign = Self.state(1)
        foreign.logID = LogID(low: 3, high: 3)
        pins.update(
            [
                Self.found("greedy", .state(Self.state(1)), bytes: 101),
                Self.found("modest", .state(Self.state(2)), bytes: 100),
                Self.found("foreign", .state(foreign)), Self.found("damaged", .damaged),
            ], logID: Self.log, now: Self.start)
        #expect(pins.passed == 2)
        let changes = pins.takeChanges()
        #expect(changes.map(\.name) == ["greedy", "foreign", "damaged"])
        #expect(changes.map(\.kind) == [.released(.tooGreedy), .released(.otherLog), .released(.damaged)])
        #expect(changes.first?.pinnedBytes == 101)
    }

    /// A file that no consumer wrote must not make a log with a budget remove records.
    @Test func filesOfNoConsumerDoNotCount() {
        var pins = ConsumerPins()
        var foreign = Self.state(1)
        foreign.logID = LogID(low: 3, high: 3)
        pins.update(
            [Self.found("foreign", .state(foreign)), Self.found("damaged", .damaged)], logID: Self.log, now: Self.start)
        #expect(pins.passed == nil)
    }

    @Test func aFaultyFileKeepsItsLastPositionForItsLifetime() {
        var pins = ConsumerPins()
        func update(_ content: ConsumerFolder.Content, after seconds: Double) {
            pins.update([Self.found("a", content)], logID: Self.log, now: Self.start + .seconds(seconds))
        }
        update(.state(Self.state(3)), after: 0)
        update(.damaged, after: 5)
        update(.damaged, after: 9)
        #expect(pins.passed == 3)
        #expect(pins.takeChanges().map(\.kind) == [.fault("the file isn't whole")])
        update(.damaged, after: 10)
        #expect(pins.passed == .max)
        #expect(pins.takeChanges().map(\.kind) == [.released(.expired)])
        update(.state(Self.state(4)), after: 11)
        #expect(pins.passed == 4)
        #expect(pins.takeChanges().map(\.kind) == [.kept])
        pins.noteFolder("gone")
        pins.noteFolder("gone")
        #expect(pins.takeChanges().map(\.kind) == [.folderFault("gone")])
    }

    @Test func aFileOfANewerVersionCounts() {
        var pins = ConsumerPins()
        pins.update([Self.found("a", .newer(Self.state(3)))], logID: Self.log, now: Self.start)
        #expect(pins.passed == 3)
        #expect(pins.takeChanges().isEmpty)
    }

    @Test func attemptsCountStartsWithoutProgress() {
        var attempts = ConsumerAttempts()
        attempts.begin(at: 5)
        #expect(attempts.count == 0)
        attempts.begin(at: 5)
        attempts.begin(at: 5)
        #expect(attempts.count == 2)
        // Progress: only the last start may have delivered the next record.
        attempts.begin(at: 6)
        #expect(attempts.count == 1)
        attempts.end(at: 6, isDone: false)
        #expect(attempts.count == 2)
        attempts.begin(at: 6)
        #expect(attempts.count == 2)
        attempts.end(at: 9, isDone: true)
        attempts.begin(at: 9)
        #expect(attempts.count == 0)
    }
}
