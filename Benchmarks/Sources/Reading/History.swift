import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import WAL

/// The cost of operations on a large log: opening after a close and after `kill -9`, appending, and finding.
enum History {
    /// Large, so that filling takes seconds; the number of segments is what counts.
    private static let payload = Payload(size: 4096)
    private static let opens = 5
    private static let smallSegment = 64 << 10
    /// The bytes appended between the last opening and the kill of the process.
    private static let unsealed = 32 << 20

    static func cases(_ options: SuiteOptions) -> [Case] {
        let whole = options.quick ? [1] : [1, 8]
        let many = options.quick ? 2048 : 16384
        let sparse = options.quick ? [1, 4] : [1, 4, 16, 64]
        return whole.map { size in
            Case(Comparison("history", Setup(history: size << 30)), .log) {
                try measure(size << 30, sparse: false, in: $0)
            }
        }
            + [
                Case(Comparison("open-segments", Setup(history: many * smallSegment)), .log) {
                    try openMany(many, in: $0)
                }
            ]
            + sparse.map { size in
                Case(Comparison("history-sparse", Setup(history: size << 30)), .log) {
                    try measure(size << 30, sparse: true, in: $0)
                }
            }
    }

    private static func measure(_ size: Int, sparse: Bool, in directory: String) throws -> Outcome {
        try Fill.run(directory, bytes: size, payload: payload.size, sparse: sparse)
        var outcome = Outcome()
        var clean: [Double] = []
        for _ in 0..<opens {
            let (log, nanoseconds) = try open(directory)
            clean.append(nanoseconds)
            try log.closeBlocking()
        }
        outcome.add(.open, median(clean))
        var scans: [Double] = []
        for (isDurable, quantity) in [(false, Quantity.openKilled), (true, .openKilledDurable)] {
            var killed: [Double] = []
            for _ in 0..<opens {
                try Fill.run(directory, bytes: unsealed, payload: payload.size, kill: true, durable: isDurable)
                scans.append(try scanTime(directory))
                let (log, nanoseconds) = try open(directory)
                killed.append(nanoseconds)
                try log.closeBlocking()
            }
            outcome.add(quantity, median(killed))
        }
        outcome.add(.scan, median(scans))
        try measureUse(directory, sparse: sparse, &outcome)
        return outcome
    }

    /// The opening of a closed log with many segments. They are small: their number is what counts.
    private static func openMany(_ segments: Int, in directory: String) throws -> Outcome {
        try Fill.run(
            directory, bytes: segments * (smallSegment - 2048), payload: payload.size, segmentSize: smallSegment)
        var outcome = Outcome()
        var times: [Double] = []
        for _ in 0..<opens {
            let (log, nanoseconds) = try open(directory)
            precondition(log.segments.count >= segments, "\(log.segments.count) segments")
            times.append(nanoseconds)
            try log.closeBlocking()
        }
        outcome.add(.open, median(times))
        return outcome
    }

    private static func open(_ directory: String) throws -> (WriteAheadLog, nanoseconds: Double) {
        let start = climits_now()
        let log = try WriteAheadLog.openBlocking(at: directory + "/log", configuration: LogUnderTest.configuration(.manual))
        return (log, Double(climits_now() - start))
    }

    /// The time of a C scan of the segments that opening must read completely.
    private static func scanTime(_ directory: String) throws -> Double {
        let segments = try ReadOnlyLog(at: directory + "/log").segments.filter {
            $0.state == .active || $0.state == .unsealed
        }
        let start = climits_now()
        _ = try Limit.scan(segments.map(\.path))
        return Double(climits_now() - start)
    }

    private static func measureUse(_ directory: String, sparse: Bool, _ outcome: inout Outcome) throws {
        let log = try LogUnderTest.open(in: directory, .manual)
        let segments = log.segments.filter { $0.recordCount ?? 0 > 0 }
        outcome.add(.seek, try finding(segments) { log.reader(from: $0.firstSequence) })
        // Records of one time reach back into what may be a hole.
        if !sparse {
            outcome.add(
                .seekByTime,
                try finding(segments) { log.reader(since: $0.firstTime ?? Timestamp(rawValue: 0)) })
        }
        let small = Payload(size: 256)
        var watch = Stopwatch(capacity: 200_000)
        watch.start()
        while !watch.isFull {
            try log.appendBlocking(small.bytes.span.bytes)
            watch.lap()
        }
        outcome.add(latencies: watch.result)
        try log.closeBlocking()
    }

    /// The first record of some segment, by a new reader: the median of many.
    private static func finding(_ segments: [SegmentInfo], _ reader: (SegmentInfo) -> LogReader) throws -> Double {
        var times: [Double] = []
        for call in 0..<1000 {
            let segment = segments[call &* 7919 % segments.count]
            let start = climits_now()
            let isFound = try reader(segment).next { _ in true } ?? false
            times.append(Double(climits_now() - start))
            precondition(isFound, "no record was found in segment \(segment.number)")
        }
        return median(times)
    }

    private static func median(_ values: [Double]) -> Double {
        Spread(values)?.median ?? 0
    }
}
