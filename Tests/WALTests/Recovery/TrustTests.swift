import Foundation
import Testing

@testable import WAL
@testable import WALDelivery

/// An attacker who may write into a log's directory could make the log read, overwrite or return other users' files, or block at
/// a pipe in place of a file.
@Suite struct TrustTests {
    @Test func everythingThatIsMadeIsPrivate() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            umask(0)
            var configuration = WriteAheadLog.Configuration.small(.always)
            configuration.recoveryScope = .everything
            let log = try await WriteAheadLog.open(at: path, configuration: configuration)
            for number in 0..<100 { try await log.append(payload(number)) }
            try await log.close()
            let name = try #require(try segmentNames(path).first)
            var data = try #require(FileManager.default.contents(atPath: path + "/" + name))
            data[1100] ^= 1
            // Not with Foundation, which would replace the file.
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/" + name))
            try file.write(contentsOf: data)
            try file.close()
            let again = try await WriteAheadLog.open(at: path, configuration: configuration)
            #expect(again.recovery.isDamaged)
            let letters = DeadLetterLog.of(logDirectory: path)
            try await letters.append(
                DeadLetterRecord(sequence: 1, time: .now, sink: "s", code: "c", reason: "r", payload: [1]))
            try await again.close()
        }
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) + ["."] {
            var status = stat()
            #expect(lstat(path + "/" + name, &status) == 0)
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            #expect(status.st_mode & 0o7777 == (isDirectory ? 0o700 : 0o600), "\(name)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/damaged").count == 1)
    }

    private func makeLog(_ directory: TemporaryDirectory) throws -> String {
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 0..<10 { try log.appendBlocking(payload(number)) }
        try log.rollBlocking()
        try log.appendBlocking([1])
        try log.closeBlocking()
        return try #require(try segmentNames(directory.path).first)
    }

    private func expectRefusal(_ directory: TemporaryDirectory, isRead: Bool = true) {
        let written = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        }
        #expect(written?.code == .untrusted, "\(String(describing: written))")
        guard isRead else { return }
        let verified = #expect(throws: WALError.self) { _ = try Verification.verifyBlocking(at: directory.path) }
        #expect(verified?.code == .untrusted, "\(String(describing: verified))")
        let read = #expect(throws: WALError.self) { _ = try readAll(ReadOnlyLog(at: directory.path).reader()) }
        #expect(read?.code == .untrusted, "\(String(describing: read))")
    }

    @Test func aSymbolicLinkInASegmentsPlaceIsRefused() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/" + (try makeLog(directory))
        let target = directory.path + "-target"
        defer { try? FileManager.default.removeItem(atPath: target) }
        try FileManager.default.moveItem(atPath: path, toPath: target)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        expectRefusal(directory)
    }

    @Test(arguments: ["LOCK", "RECOVERY"])
    func aSymbolicLinkInAnotherFilesPlaceIsRefused(_ name: String) throws {
        let directory = TemporaryDirectory()
        _ = try makeLog(directory)
        let target = directory.path + "-target"
        defer { try? FileManager.default.removeItem(atPath: target) }
        try Data("precious".utf8).write(to: URL(fileURLWithPath: target))
        try? FileManager.default.removeItem(atPath: directory.path + "/" + name)
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/" + name, withDestinationPath: target)
        expectRefusal(directory, isRead: false)
        #expect(FileManager.default.contents(atPath: target) == Data("precious".utf8))
    }

    @Test func aSymbolicLinkInTheDamagedFoldersPlaceIsRefused() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/" + (try makeLog(directory))
        let target = directory.path + "-target"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: target) }
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/damaged", withDestinationPath: target)
        var data = try #require(FileManager.default.contents(atPath: path))
        data.replaceSubrange(0..<1024, with: Data(count: 1024))
        try data.write(to: URL(fileURLWithPath: path))
        expectRefusal(directory, isRead: false)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
    }

    @Test(.timeLimit(.minutes(10)))
    func aPipeInASegmentsPlaceStopsNobody() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/" + (try makeLog(directory))
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        expectRefusal(directory)
    }

    @Test(
        .enabled(if: geteuid() == 0, "only root can change the owner of a file"), arguments: ["segment", "LOCK", "."])
    func anotherUsersFileIsRefused(_ name: String) throws {
        let directory = TemporaryDirectory()
        let segment = try makeLog(directory)
        #expect(chown(directory.path + "/" + (name == "segment" ? segment : name), 12345, 12345) == 0)
        expectRefusal(directory, isRead: false)
        // Root may read any user's logs.
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).count == 11)
    }
}
