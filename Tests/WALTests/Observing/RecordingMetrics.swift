import CoreMetrics
import WAL

/// A metrics backend that keeps all values.
final class RecordingMetrics: MetricsFactory {
    struct Instrument: Hashable {
        var kind: String
        /// The number of times that it was made.
        var madeCount = 1
        var values: [Int64] = []
    }

    private let instruments = Monitor<[String: Instrument]>([:])

    var all: [String: Instrument] { instruments.withLock { $0 } }

    func values(_ label: String) -> [Int64] { all[label]?.values ?? [] }

    /// Makes the handler of an instrument. The key includes the dimensions other than `log` and `sink`.
    private func make(_ label: String, _ dimensions: [(String, String)], _ kind: String) -> Handler {
        let more = dimensions.filter { $0.0 != "log" && $0.0 != "sink" }.map { "{\($0.0)=\($0.1)}" }
        let label = ([label] + more).joined()
        instruments.withLock { instruments in
            instruments[label, default: Instrument(kind: kind, madeCount: 0)].madeCount += 1
        }
        return Handler { [self] value in instruments.withLock { $0[label]?.values.append(value) } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(label, dimensions, "counter")
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        make(label, dimensions, aggregate ? "recorder" : "gauge")
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        make(label, dimensions, "timer")
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
        private let add: @Sendable (Int64) -> Void

        init(_ add: @escaping @Sendable (Int64) -> Void) { self.add = add }

        func increment(by amount: Int64) { add(amount) }
        func reset() {}
        func record(_ value: Int64) { add(value) }
        func record(_ value: Double) { add(value < 9e18 ? Int64(value) : .max) }
        func recordNanoseconds(_ duration: Int64) { add(duration) }
    }
}
