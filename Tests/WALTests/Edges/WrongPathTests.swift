import TestSupport
import Testing
import WAL

/// A path with a mistake in it: the error names the path and the remedy.
@Suite struct WrongPathTests {
    private func opening(_ path: String) async -> WALError? {
        await #expect(throws: WALError.self) { try await WriteAheadLog.open(at: path) }
    }

    private func reading(_ path: String) -> WALError? {
        #expect(throws: WALError.self) { try ReadOnlyLog(at: path) }
    }

    @Test func theDirectoryAboveIsMissing() async throws {
        let path = TemporaryDirectory().path + "/missing/log"
        let error = try #require(await opening(path))
        #expect(error.code == .inputOutput && error.errno == 2)
        #expect(
            error.message
                == "\(path) can't be created, because the directory above it doesn't exist. Create that one first.")
    }

    @Test func theLogToReadIsMissing() throws {
        let path = TemporaryDirectory().path + "/missing"
        let error = try #require(reading(path))
        #expect(error.code == .notALogDirectory && error.errno == 2)
        #expect(error.message.hasPrefix("The directory \(path) doesn't exist. Name the directory of a log"))
    }

    @Test func thePathIsEmpty() async throws {
        for error in [await opening(""), reading("")] {
            #expect(
                error?.code == .invalidArgument && error?.message == "The path of the log is empty. Name a directory.")
        }
    }
}
