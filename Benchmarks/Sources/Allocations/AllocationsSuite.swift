import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import CAllocations
import Contenders
import WAL
import WALTasks

@main
struct AllocationsSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocations", abstract: "How often calls ask for memory: counted, call by call.",
        discussion: "Run by Benchmarks/run. A process of its own, since counting replaces the allocator.")

    @OptionGroup var options: SuiteOptions

    func run() async throws {
        let payload = Payload(size: 256)
        // As many as one segment takes: what a new one asks for is counted by itself.
        let inSegment = 200_000
        let cases = [
            Case(Comparison("allocations-check"), Contender("an array a call", .limit)) { _ in
                // Were nothing counted here, none of the other numbers would say anything.
                try Counting.outcome(calls: 1000) { consume([UInt8](repeating: 1, count: $0 % 7 + 1)) }
            },
            Case(Comparison("allocations-append", Setup(payload: payload.size, writers: 1)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let outcome = try Counting.outcome(calls: inSegment) { _ in try log.appendBlocking(payload.bytes.span.bytes) }
                try await log.close()
                return outcome
            },
            Case(Comparison("allocations-append-array", Setup(payload: payload.size, writers: 1)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let outcome = try Counting.outcome(calls: inSegment) { _ in try log.appendBlocking(payload.bytes) }
                try await log.close()
                return outcome
            },
            Case(Comparison("allocations-roll", Setup(payload: payload.size, writers: 1)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let outcome = try Counting.outcome(calls: 1_000_000) { _ in try log.appendBlocking(payload.bytes.span.bytes) }
                try await log.close()
                return outcome
            },
            Case(Comparison("allocations-read", Setup(payload: payload.size)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                for _ in 0..<1_000_000 { try await log.append(payload.bytes.span.bytes) }
                let reader = log.reader()
                let outcome = try Counting.outcome(calls: 1_000_000) { _ in _ = try reader.next { $0.payload.byteCount }
                }
                try await log.close()
                return outcome
            },
        ]
        var suite = Suite("allocations", options, rounds: (quick: 1, full: 1), cases: cases)
        try await suite.run()
    }
}

enum Counting {
    /// By this thread, and by all of the process. What only first calls ask for isn't counted.
    static func outcome(calls: Int, _ body: (Int) throws -> Void) throws -> Outcome {
        for call in 0..<1000 { try body(call) }
        let before = (callocations_of_thread(), callocations_of_process())
        for call in 0..<calls { try body(call) }
        let after = (callocations_of_thread(), callocations_of_process())
        var outcome = Outcome(.allocations, Double(after.0 - before.0) / Double(calls))
        outcome.add(.allocationsOfAll, Double(after.1 - before.1) / Double(calls))
        return outcome
    }
}

/// Keeps the compiler from leaving out what makes it.
@inline(never)
private func consume(_ bytes: [UInt8]) {
    withExtendedLifetime(bytes) {}
}
