import BenchmarkKit
import BenchmarkReport
import WAL
import WALTasks

/// Tasks into bytes and back.
enum Codec {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = 500_000
        let mutations = (0..<1000).map { TaskMutation.save(Workload.task($0)) }
        let encoded = mutations.map { TaskCodec.encode($0) }
        return [
            Case(Comparison("encode a task"), .log) { _ in
                var bytes = 0
                let outcome = timed(count) { bytes += TaskCodec.encode(mutations[$0 % 1000]).count }
                precondition(bytes > count, "nothing was encoded")
                return outcome
            },
            Case(Comparison("decode a task"), .log) { _ in
                var tasks = 0
                let outcome = try timed(count) { number in
                    let bytes = encoded[number % 1000]
                    if case .save = try TaskCodec.decode(bytes.span.bytes) { tasks += 1 }
                }
                precondition(tasks == count, "not all were decoded")
                return outcome
            },
        ]
    }

    private static func timed<Failure: Error>(_ count: Int, _ body: (Int) throws(Failure) -> Void) throws(Failure)
        -> Outcome
    {
        let start = ContinuousClock.now
        for number in 0..<count { try body(number) }
        return .rate(records: count, seconds: start.duration(to: .now) / .seconds(1))
    }
}
