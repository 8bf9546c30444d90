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

    /// Each flusher has a handle, and most set nothing aside.
    @Test func aHandleThatOpensNothingLeavesNothing() async throws {
        await lettersLog().release()
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/dead-letters"))
    }
}
