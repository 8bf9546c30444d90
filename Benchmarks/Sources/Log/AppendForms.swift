import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import WAL

/// The forms of appending, where none of them waits: the cost of a name.
enum AppendForms {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let payload = Payload(size: 256)
        let count = LogUnderTest.segmentSize / 2 / payload.frameSize
        func form(
            _ name: String, _ append: @escaping @Sendable (WriteAheadLog, [UInt8]) async throws -> Void
        ) -> Case {
            Case(Comparison("forms", Setup(payload: payload.size)), Contender(name, .ours), repeats: 5) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let start = climits_now()
                try await append(log, payload.bytes)
                let elapsed = climits_now() - start
                try await log.close()
                return Outcome(.nanoseconds, Double(elapsed) / Double(count))
            }
        }
        return [
            form("appendBlocking") { log, bytes in
                try Self.block { for _ in 0..<count { try log.appendBlocking(bytes) } }
            },
            form("append") { log, bytes in for _ in 0..<count { try await log.append(bytes) } },
            form("append, span") { log, bytes in for _ in 0..<count { try await log.append(bytes.span) } },
            form("tryAppend") { log, bytes in
                for _ in 0..<count where try log.tryAppend(bytes) == nil { preconditionFailure("no segment is ready") }
            },
        ]
    }

    /// Calls a blocking function from a task, whose thread has nothing else to do here.
    private static func block(_ body: () throws -> Void) throws {
        try body()
    }
}
