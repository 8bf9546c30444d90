import Foundation
import Testing
import WAL

@testable import WALDelivery

/// The handles of a process share one open log of letters.
@Suite struct DeadLetterFileTests {
    private let directory = TemporaryDirectory()
    private let letter = DeadLetterRecord(
        sequence: 1, time: .now, sink: "s", code: "c", reason: "r", payload: [1])

    init() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    }

    private func lettersLog() -> DeadLetterLog { DeadLetterLog.of(logDirectory: directory.path) }

    /// The last handle's end closes the log on another thread. A new handle found the log locked by its own process.
    @Test func aNewHandleWaitsForTheCloseOfTheLast() async throws {
        for _ in 0..<30 { try await lettersLog().append(letter) }
    }

    @Test func afterTheLastReleaseTheLogIsClosed() async throws {
        let (first, last) = (lettersLog(), lettersLog())
        try await first.append(letter)
        await first.release()
        try await last.append(letter)
        await last.release()
        try await WriteAheadLog.open(at: last.directory).close()
        await #expect(throws: WALError.self) { try await last.append(letter) }
    }

    /// A large letter needs larger segments, so its handle closes the log and opens it again.
    @Test func largeAndSmallLettersComeAtOnce() async throws {
        let letters = lettersLog()
        try await withThrowingTaskGroup { group in
            for task in 0..<4 {
                group.addTask { [letter] in
                    for number in 0..<10 {
                        var letter = letter
                        letter.sequence = SequenceNumber(rawValue: UInt64(task * 10 + number + 1))
                        letter.payload = [UInt8](repeating: 1, count: task == 0 ? 10 : 900_000 << (number % 2))
                        try await letters.append(letter)
                    }
                }
            }
            try await group.waitForAll()
        }
        await letters.release()
        var reader = try DeadLetterReader(logDirectory: directory.path)
        var found: Set<UInt64> = []
        while let letter = try reader.next() { found.insert(letter.sequence.rawValue) }
        #expect(found == Set(1...40))
    }

    /// Each flusher has a handle, and most set nothing aside.
    @Test func aHandleThatOpensNothingLeavesNothing() async throws {
        await lettersLog().release()
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/dead-letters"))
    }
}
