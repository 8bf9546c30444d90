import Foundation
import Logging
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// Some file systems can't make a directory's entries durable. The error must name the file system and the remedy.
@Suite struct FileSystemTests {
    @Test(arguments: [EINVAL, EBADF, EOPNOTSUPP, ENOSYS]) func aDirectoryThatCannotBeSyncedIsNamed(_ number: Int32)
        throws
    {
        try expectNamed(.syncDirectory, number)
    }

    /// FUSE with direct I/O can't map files into memory. Some file systems can't sync mapped files.
    @Test(arguments: [(StorageOperation.map, ENODEV), (.map, EOPNOTSUPP), (.sync, EINVAL), (.sync, EOPNOTSUPP)])
    func aFileThatCannotBeMappedOrSyncedIsNamed(_ operation: StorageOperation, _ number: Int32) throws {
        try expectNamed(operation, number)
    }

    /// Fails each call of a kind, and checks the error of the opening.
    private func expectNamed(_ operation: StorageOperation, _ number: Int32) throws {
        let root = LogImage.directory()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let storage = try FaultyStorage(root)
        storage.fail(operation, times: 1000, with: .error(number))
        let error = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
        }
        #expect(error?.code == .unsupportedFileSystem)
        #expect(error?.errno == number)
        for part in [root, "ext4 or XFS", FileSystemKind(of: try Directory(path: root)).name] {
            #expect(error?.message.contains(part) ?? false, "\(String(describing: error)) lacks \(part)")
        }
        storage.heal()
        try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small()).closeBlocking()
    }

    @Test func networkFileSystemsAreRefusedAndUnknownOnesAreNot() {
        for number: Int64 in [0x6969, 0xff53_4d42, 0xfe53_4d42] {
            let error = #expect(throws: WALError.self) { try FileSystemKind(number: number).requireUsable("/here") }
            #expect(error?.code == .unsupportedFileSystem)
            #expect(error?.message.contains("/here is on ") ?? false)
        }
        #expect(throws: Never.self) { try FileSystemKind(number: 1).requireUsable("/here") }
    }

    /// A store to a mapped segment takes new space there. Records survive a loss of power as on any disk.
    @Test(arguments: [(0x9123_683e, "Btrfs"), (0xca45_1a4e, "bcachefs")] as [(Int64, String)])
    func fileSystemsThatCopyWhatIsWrittenAreUsedWithAWarning(_ number: Int64, _ name: String) {
        let kind = FileSystemKind(number: number)
        guard case .limited(let reason) = kind.use else {
            Issue.record("\(name) is \(kind.use)")
            return
        }
        #expect(kind.name == name && reason.contains("full disk"))
        let info = StorageInfo(kind, nil)
        #expect(info.durability == .powerLoss && info.explanation == "power loss: \(name), \(reason).")
        #expect(throws: Never.self) { try info.requireDurable("/here") }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/shm"), "there is no tmpfs"))
    func memoryIsUsedWithAWarning() throws {
        let path = "/dev/shm/wal-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let recording = RecordingLog()
        try WriteAheadLog.openBlocking(at: path, configuration: .small(), logger: recording.logger).closeBlocking()
        let message = recording.messages.all.first { $0.level == .warning }
        #expect(message?.text == "the log is on a file system that limits its promises")
        #expect(message?.metadata["wal.message"]?.hasPrefix("tmpfs: ") ?? false)
    }
}
