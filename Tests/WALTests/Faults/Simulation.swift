import Foundation
import WALTesting

@testable import WAL
@testable import WALDelivery

/// Uses, crashes and reopens a log at random, with the same steps for the same seed.
///
/// One thread takes the steps. The engine's threads run concurrently, so their progress at a crash varies. The rules for the
/// log's contents don't depend on it.
final class Simulation {
    private var generator: SeededGenerator
    private let root: String
    private var place: String
    private(set) var storage: FaultyStorage
    private var configuration = WriteAheadLog.Configuration()
    private var log: WriteAheadLog?
    private var reader: LogReader?
    private var payloadCount = 0
    private var sink = RecordingSink.State()
    /// In a monitor, because the engine's threads read it, too.
    let history = Monitor(LogHistory())
    private(set) var violations: [LogHistory.Violation] = []
    private(set) var crashCount = 0
    private var hasFaults: Bool

    private static let consumer = "consumer"
    private static let sinkCursor = "sink/recording"

    init(seed: UInt64, faults: Bool = false) throws {
        generator = SeededGenerator(seed: seed)
        hasFaults = faults
        root = LogImage.directory()
        place = root + "/0"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        storage = try FaultyStorage(place, recording: true)
        configuration.segmentSize = 64 << 10
        configuration.maxPreparedSegments = chance(50) ? 1 : 2
        if configuration.maxPreparedSegments == 1 { configuration.targetSegmentRecords = 20 }
        configuration.syncPolicy = chance(30) ? .always : .manual
        configuration.whenFull = .fail
        configuration.retention.totalSize = chance(50) ? 0 : 200 << 10
        configuration.compression = chance(50) ? .lz4 : .none
        configuration.sealedCompression = chance(50) ? .lz4 : .none
    }

    deinit {
        try? log?.closeBlocking()
        try? FileManager.default.removeItem(atPath: root)
    }

    func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &generator) < percent
    }

    func random<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &generator) }

    // MARK: Opening

    /// The path of the log.
    private var directory: String { place + "/log" }

    /// Opens the log, and compares its contents with its promises.
    func open(after ending: LogHistory.Ending) throws {
        let log = try openDespiteFaults()
        storage.heal()
        let found = try LogContents(of: log)
        if hasFaults { storage.failRandomly(seed: generator.next(), oneIn: 100) }
        history.withLock { history in
            violations += history.violations(in: found, after: ending)
            history.resume(from: found)
        }
        if log.cursors[Self.consumer] == nil { setCursor(Self.consumer, to: .zero, log) }
        // Only the flusher moves this cursor.
        if log.cursors[Self.sinkCursor] == nil { try? log.setCursor(Self.sinkCursor, to: .zero) }
        self.log = log
        reader = log.reader(visibility: chance(50) ? .written : .durable)
    }

    private func openDespiteFaults() throws -> WriteAheadLog {
        if hasFaults {
            storage.failRandomly(seed: generator.next(), oneIn: 100)
            for _ in 0..<3 {
                if let log = try? WriteAheadLog.openBlocking(at: directory, configuration: configuration) { return log }
                noteFaults()
            }
        }
        storage.heal()
        return try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
    }

    // MARK: Steps

    func step() throws {
        guard let log else { return try open(after: .closed) }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<45: for _ in 0..<Int.random(in: 1...12, using: &generator) { append(to: log) }
        case 45..<57: appendBatch(to: log)
        case 57..<72: sync(log)
        case 72..<77: try? log.rollBlocking()
        case 77..<84: try read()
        case 84..<88: moveCursor(log)
        case 88..<92: log.applyRetentionBlocking()
        case 92..<96: _ = storage.crashState()
        default: usleep(useconds_t.random(in: 0...300, using: &generator))
        }
        noteFaults()
    }

    private func newPayload(_ size: Int) -> [UInt8] {
        payloadCount += 1
        let key = UInt8.random(in: 0..<32, using: &generator)
        return [key] + payload(payloadCount, size: size)
    }

    private func append(to log: WriteAheadLog) {
        let bytes = newPayload(random([10, 40, 200, 480, 1000, 5000]) ?? 40)
        history.withLock { $0.willAppend(bytes) }
        guard let sequence = try? log.appendBlocking(bytes) else { return }
        didAppend([bytes], sequence)
    }

    private func appendBatch(to log: WriteAheadLog) {
        var batch = RecordBatch()
        var all: [[UInt8]] = []
        for _ in 0..<Int.random(in: 1...20, using: &generator) {
            all.append(newPayload(100))
            batch.append(all[all.count - 1])
        }
        history.withLock { history in all.forEach { history.willAppend($0) } }
        let mark = Bookmark(name: "producer", position: UInt64(payloadCount))
        guard let sequence = try? log.appendBlocking(batch, bookmark: mark) else { return }
        didAppend(all, sequence)
    }

    private func didAppend(_ payloads: [[UInt8]], _ sequence: SequenceNumber) {
        history.withLock { history in
            if let violation = history.didAppend(payloads, last: sequence) { violations.append(violation) }
            if configuration.syncPolicy == .always { history.recordsBecameDurable(through: sequence) }
        }
    }

    private func sync(_ log: WriteAheadLog) {
        let last = log.lastSequence
        guard last > .zero, (try? log.waitUntilDurableBlocking(last)) != nil else { return }
        history.withLock { $0.recordsBecameDurable(through: last) }
    }

    private func read() throws {
        while true {
            let record: LogRecord?
            do throws(WALError) {
                record = try reader?.next()
            } catch {
                if hasFaults { return }
                throw error
            }
            guard let record else { return }
            let found = LogContents.Record(sequence: record.sequence.rawValue, payload: record.payload)
            history.withLock { history in
                if let violation = history.violation(in: found) { violations.append(violation) }
            }
        }
    }

    private func setCursor(_ name: String, to sequence: SequenceNumber, _ log: WriteAheadLog) {
        history.withLock { $0.didSetCursor(name, to: sequence) }
        try? log.setCursor(name, to: sequence)
    }

    private func moveCursor(_ log: WriteAheadLog) {
        let range = 0...log.durableSequence.rawValue
        let consumer = max(log.cursors[Self.consumer]?.rawValue ?? 0, UInt64.random(in: range, using: &generator))
        setCursor(Self.consumer, to: SequenceNumber(rawValue: consumer), log)
        let applied = log.cursors[Self.sinkCursor]?.rawValue ?? 0
        history.withLock { $0.mayRemove(through: SequenceNumber(rawValue: min(consumer, applied))) }
    }

    private func noteFaults() {
        let faults = storage.injectedFaults
        guard !faults.isEmpty else { return }
        history.withLock { history in
            history.cursorsMayLag = true
            if faults.contains(where: { $0.fault == .losingPages }) { history.pagesWereLost = true }
        }
    }

    // MARK: Ending

    /// Ends the log in a random way, and opens it again.
    func crash() throws {
        guard log != nil else { return try open(after: .closed) }
        crashCount += 1
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: try close()
        case 1..<4: try leave(storage.imageOfKilledProcess(), .killed)
        default:
            let unit = random(CrashState.Unit.allCases) ?? .sector
            try leave(storage.crashState()?.images(of: unit).random(using: &generator), .powerLoss)
        }
    }

    private func close() throws {
        let last = log?.lastSequence ?? .zero
        do {
            try log?.closeBlocking()
            noteFaults()
            history.withLock { $0.becameDurable(through: last) }
            drop()
            try open(after: .closed)
        } catch {
            noteFaults()
            drop()
            try open(after: .killed)
        }
    }

    private func drop() {
        reader = nil
        log = nil
    }

    /// Continues with the image that a crash left.
    private func leave(_ image: CrashImage?, _ ending: LogHistory.Ending) throws {
        guard let image else { return }
        noteFaults()
        let log = log
        let (oldPlace, oldStorage) = (place, storage)
        try move(to: image)
        drop()
        // The log of the dead process isn't used again, but this process has to close it.
        oldStorage.heal()
        try? log?.closeBlocking()
        try? FileManager.default.removeItem(atPath: oldPlace)
        if chance(25) {
            try open(after: crashWhileOpening(ending))
        } else {
            try open(after: ending)
        }
    }

    private func move(to image: CrashImage) throws {
        place = "\(root)/\(crashCount)-\(generator.next())"
        try image.write(to: place)
        storage = try FaultyStorage(place, recording: true)
    }

    /// Loses the power at a random call of the opening.
    private func crashWhileOpening(_ ending: LogHistory.Ending) -> LogHistory.Ending {
        let states = Monitor<[CrashState]>([])
        storage.watch { state in states.withLock { $0.append(state) } }
        let opened = try? WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        storage.watch(nil)
        guard opened != nil, let state = random(states.withLock { $0 }) else { return ending }
        let image = state.images(of: random(CrashState.Unit.allCases) ?? .page).random(using: &generator)
        let oldPlace = place
        guard (try? move(to: image)) != nil else { return ending }
        try? opened?.closeBlocking()
        try? FileManager.default.removeItem(atPath: oldPlace)
        return .powerLoss
    }

    // MARK: Sink

    /// Delivers the durable records into a sink whose commits sometimes have an unknown outcome. Ends when all are applied.
    func flush(mayFail: Bool) {
        guard let log else { return }
        sync(log)
        let seed = generator.next()
        let recording = RecordingSink(continuing: sink) { call, _ in
            switch (seed >> UInt64(call % 60)) & 7 {
            case 0: .before(.indeterminate)
            case 1: .after(.indeterminate)
            default: .none
            }
        }
        var settings = Flusher<RecordingSink>.Configuration()
        settings.workerCount = chance(50) ? 1 : 2
        settings.laneCount = 4
        settings.batchSize = 20
        settings.flushInterval = .milliseconds(1)
        settings.breakerInterval = .milliseconds(5)
        // The sink often loses its connection, and never because of a record.
        settings.maxLosses = .max
        let flusher = Flusher(log: log, sink: recording, configuration: settings) { payload in
            UInt64(payload.unsafeLoad(as: UInt8.self))
        }
        let ended = DispatchSemaphore(value: 0)
        let failure = Monitor<WALError?>(nil)
        Task {
            let running = Task { try await flusher.run() }
            do throws(WALError) {
                try await flusher.drain()
            } catch {
                failure.withLock { $0 = error }
            }
            running.cancel()
            _ = try? await running.value
            ended.signal()
        }
        ended.wait()
        sink = recording.snapshot
        if !mayFail, let error = failure.withLock({ $0 }) {
            violations.append(LogHistory.Violation(.loss, "the sink wasn't served: \(error)"))
        }
        let applied = log.cursors[Self.sinkCursor] ?? .zero
        let consumer = log.cursors[Self.consumer] ?? .zero
        history.withLock { $0.mayRemove(through: min(consumer, applied)) }
    }

    /// After a disk error and a power loss, the log may count records as owed that the sink has. If the sink doesn't have them,
    /// the final comparison finds the records that this function settled.
    private func settle() throws {
        if log == nil { try open(after: .closed) }
        flush(mayFail: true)
        for owed in log?.owedRecords ?? [] { try log?.settle(owed) }
    }

    /// Ends the schedule: delivers all records once, and checks that another opening changes nothing.
    func finish() throws {
        storage.heal()
        let hadFaults = hasFaults
        hasFaults = false
        if log == nil { try open(after: .closed) }
        // After an error, a log that refuses records tries again once a second.
        if hadFaults {
            try close()
            try settle()
        }
        flush(mayFail: false)
        for breach in sink.breaches { violations.append(LogHistory.Violation(.order, breach)) }
        if !sink.isOrdered { violations.append(LogHistory.Violation(.order, "the sink has a key out of order")) }
        for record in history.withLock({ $0.records }) where !sink.applied.contains(record.sequence) {
            violations.append(LogHistory.Violation(.loss, "\(record.sequence) isn't in the sink"))
        }
        try close()
        try log?.closeBlocking()
        drop()
    }
}
