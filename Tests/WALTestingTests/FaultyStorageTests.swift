import Foundation
import Testing
import WAL
import WALTesting

@Suite struct FaultyStorageTests {
    /// A test of errors would otherwise pass without any.
    @Test func aSlashAtTheEndOfThePathDoesntMatter() async throws {
        let place = NSTemporaryDirectory() + "/faulty-\(UUID().uuidString)/"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let storage = try FaultyStorage(place)
        try await WriteAheadLog.open(at: place + "log").close()
        #expect(storage.callCount > 0)
    }
}
