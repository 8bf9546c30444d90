import Foundation
import Testing

@testable import WAL

/// A lock on a file isn't enough, because files can be removed: after `rm L/LOCK` a second writer would give the same sequence
/// numbers.
@Suite struct OneWriterTests {
    enum Bypass: CaseIterable, Sendable {
        case none, lockRemoved, lockReplaced, lockRenamed, directoryMoved, symbolicLink, dots, hardLinks, bindMount

        /// Returns a path that a second writer may try.
        func apply(on path: String) throws -> String {
            let (lock, other) = (path + "/LOCK", path + "-other")
            switch self {
            case .none: return path
            case .lockRemoved: #expect(unlink(lock) == 0)
            case .lockReplaced:
                try Data("1\n".utf8).write(to: URL(fileURLWithPath: lock + "2"))
                #expect(rename(lock + "2", lock) == 0)
            case .lockRenamed: #expect(rename(lock, lock + "-away") == 0)
            case .directoryMoved:
                #expect(rename(path, other) == 0)
                return other
            case .symbolicLink:
                try FileManager.default.createSymbolicLink(atPath: other, withDestinationPath: path)
                return other
            case .dots: return path + "/../" + URL(fileURLWithPath: path).lastPathComponent + "/."
            case .hardLinks:
                // A link to everything but the lock, so that the lock can't help.
                if LoopDisk.run("cp", "-al", path, other) == nil {
                    // A file was renamed meanwhile.
                    try FileManager.default.removeItem(atPath: other)
                    #expect(LoopDisk.run("cp", "-al", path, other) != nil)
                }
                #expect(unlink(other + "/LOCK") == 0)
                return other
            case .bindMount:
                #expect(mkdir(other, 0o700) == 0)
                #expect(LoopDisk.run("mount", "--bind", path, other) != nil)
                return other
            }
            return path
        }

        func cleanUp(_ path: String) {
            let other = path + "-other"
            if self == .bindMount { _ = LoopDisk.run("umount", other) }
            try? FileManager.default.removeItem(atPath: other)
        }

        static var possible: [Bypass] { allCases.filter { $0 != .bindMount || LoopDisk.isPossible } }
    }

    @Test(arguments: Bypass.possible) func nobodyBecomesASecondWriter(_ bypass: Bypass) async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        let log = try await WriteAheadLog.open(at: path, configuration: .small())
        for number in 0..<10 { _ = try await log.append(payload(number)) }
        defer { bypass.cleanUp(path) }
        let other = try bypass.apply(on: path)
        let here = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: other, configuration: .small())
        }
        #expect(here?.code == .locked)
        await #expect(processExitsWith: .success) { [other = other as String] in
            let error = #expect(throws: WALError.self) {
                _ = try WriteAheadLog.openBlocking(at: other, configuration: .small())
            }
            #expect(error?.code == .locked)
        }
        _ = try await log.append(payload(10))
        #expect(try readAll(log.reader()).map(\.payload) == (0...10).map { payload($0) })
        if bypass == .directoryMoved { #expect(rename(other, path) == 0) }
        try await log.close()
        #expect(try await Verification.verify(at: path).findings.isEmpty)
    }

    @Test func aBuildThatLocksTheFileOnlyIsKeptOutAndKeepsOut() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let file = open(directory.path + "/LOCK", O_RDWR | O_CLOEXEC)
        defer { close(file) }
        #expect(flock(file, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
        try log.closeBlocking()
        #expect(flock(file, LOCK_EX | LOCK_NB) == 0)
        let error = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("\(getpid())") ?? false)
        #expect(flock(file, LOCK_UN) == 0)
        try WriteAheadLog.openBlocking(at: directory.path, configuration: .small()).closeBlocking()
    }

    @Test func readersOfAClosedLogDoNotKeepItLocked() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking([1])
        let reader = log.reader()
        #expect(try reader.next() != nil)
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try again.appendBlocking([2])
        #expect(try reader.next() == nil)
        try again.closeBlocking()
    }

    /// Holds the lock as a reader does that looks for a writer, and lets go at the writer's third try.
    private final class LookingReader: StorageHook {
        private let descriptor: Int32
        private let tries = Monitor(0)

        init(_ path: String) throws {
            descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            try #require(descriptor >= 0 && flock(descriptor, LOCK_SH | LOCK_NB) == 0)
        }

        deinit { close(descriptor) }

        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .lock = call else { return .proceed }
            let isThird = tries.withLock { tries in
                tries += 1
                return tries == 3
            }
            if isThird { flock(descriptor, LOCK_UN) }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    @Test func aReaderThatLooksForAWriterKeepsNoneOut() async throws {
        let directory = TemporaryDirectory()
        try await WriteAheadLog.open(at: directory.path).close()
        let reader = try LookingReader(directory.path)
        StorageHooks.install(reader, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        try await WriteAheadLog.open(at: directory.path).close()
    }
}
