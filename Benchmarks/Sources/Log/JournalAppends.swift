import BenchmarkKit
import BenchmarkReport
import Contenders
import FoundationEssentials
import WAL
import WALJournal

/// Appending to a journal, beside coding and appending by hand: the cost of the envelope and the receipt.
enum JournalAppends {
    private struct Payment: Codable, Sendable {
        var id: Int
        var cents: Int
        var from: String
        var to: String
        var note: String
    }

    private static let byHand = Contender("by hand", .limit)

    static func cases(_ options: SuiteOptions) -> [Case] { json + bytes }

    /// An event of about 120 bytes of JSON.
    private static var json: [Case] {
        let comparison = Comparison("journal-json")
        let count = 100_000
        @Sendable func payment(_ number: Int) -> Payment {
            Payment(id: number, cents: 2000, from: "Ann Example", to: "Bob Example", note: "Thank you for the books")
        }
        return [
            measured(comparison, byHand, count) { log in
                let encoder = JSONEncoder()
                for number in 0..<count { try await log.append(encoder.encode(payment(number)).bytes) }
            },
            measured(comparison, .log, count) { log in
                let journal = Journal(log, format: EventFormat<Payment>.json(type: "payment"))
                for number in 0..<count { try await journal.append(payment(number)) }
            },
        ]
    }

    /// Bytes need no coding, so this shows the cost in nanoseconds.
    private static var bytes: [Case] {
        let payload = Payload(size: 256)
        let comparison = Comparison("journal-bytes", Setup(payload: payload.size))
        let count = 100_000
        return [
            measured(comparison, byHand, count) { log in
                for _ in 0..<count { try await log.append(payload.bytes) }
            },
            measured(comparison, .log, count) { log in
                let journal = Journal(log, format: .bytes(type: "payment"))
                for _ in 0..<count { try await journal.append(payload.bytes) }
            },
        ]
    }

    private static func measured(
        _ comparison: Comparison, _ contender: Contender, _ count: Int,
        _ append: @escaping @Sendable (WriteAheadLog) async throws -> Void
    ) -> Case {
        Case(comparison, contender, repeats: 5) { directory in
            let log = try LogUnderTest.open(in: directory, .manual)
            let start = ContinuousClock.now
            try await append(log)
            let seconds = start.duration(to: .now) / .seconds(1)
            precondition(log.lastSequence.rawValue == UInt64(count), "records are missing")
            try await log.close()
            return .rate(records: count, seconds: seconds)
        }
    }
}
