import Foundation
import Synchronization
import Testing

@testable import WAL

/// A reader that sees an incomplete record, or two records in the wrong order, passes wrong data on without an error.
@Suite(.serialized) struct ConcurrencyTests {
    static let threads = 8
    static let perThread = Torture.isLong ? 1500 : 300

    /// The thread, the number, and bytes that follow from both.
    static func body(_ thread: Int, _ number: Int) -> [UInt8] {
        [UInt8(thread), UInt8(number & 255), UInt8(number >> 8)]
            + (0..<(number * 31 % 400)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
    }

    /// Counts the records that are wrong.
    struct Check {
        var last: UInt64 = 0
        var next = [Int](repeating: 0, count: threads)
        var wrong = 0
        var count = 0

        mutating func take(_ record: LogRecord) {
            if record.sequence.rawValue != last + 1 { wrong += 1 }
            last = record.sequence.rawValue
            count += 1
            guard record.payload.count >= 3 else {
                wrong += 1
                return
            }
            let thread = Int(record.payload[0])
            let number = Int(record.payload[1]) | Int(record.payload[2]) << 8
            if number != next[thread] || record.payload != body(thread, number) { wrong += 1 }
            next[thread] = number + 1
        }
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.manual, .interval(.milliseconds(1))])
    func eightThreadsAppendWhileTwoTailsAndAnotherProcessRead(_ policy: WriteAheadLog.SyncPolicy) async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.segmentSize = 256 << 10
        let log = try await WriteAheadLog.open(at: path, configuration: configuration)
        let total = Self.threads * Self.perThread
        let visibilities: [ReadVisibility] = policy == .manual ? [.written, .written] : [.written, .durable]
        let tails = visibilities.map { visibility in
            Task { () -> Check in
                var check = Check()
                for try await record in log.records(visibility: visibility) {
                    check.take(record)
                    if check.count == total { break }
                }
                return check
            }
        }
        let child = Task {
            _ = await #expect(processExitsWith: .success) { [path = path as String, total = total as Int] in
                let log = try ReadOnlyLog(at: path)
                var check = Check()
                for try await record in log.records() {
                    check.take(record)
                    if check.count == total { break }
                }
                #expect(check.wrong == 0)
            }
        }
        let writers = Task.detached {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    DispatchQueue.concurrentPerform(iterations: Self.threads) { thread in
                        for number in 0..<Self.perThread {
                            _ = try? log.appendBlocking(Self.body(thread, number))
                            if number % 100 == 0 { try? log.setCursor("thread-\(thread)", to: 0) }
                        }
                    }
                    continuation.resume()
                }
            }
        }
        await writers.value
        if policy == .manual { try await log.sync() }
        for tail in tails {
            let check = try await tail.value
            #expect(check.wrong == 0)
            #expect(check.count == total)
        }
        _ = await child.value
        try await log.close()
    }
}
