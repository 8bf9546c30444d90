import Foundation
import Testing

@testable import WAL

/// A file is cut while it is mapped, or a disk can't read a sector. Neither may lose data that was durable elsewhere.
@Suite struct UnreadableTests {
    @Test func aCutUnderTheWriterKillsItAndLosesNothingDurable() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        await #expect(processExitsWith: .signal(SIGBUS)) { [path = path as String] in
            // Without the runtime's backtrace, which takes a minute.
            signal(SIGBUS, SIG_DFL)
            var configuration = WriteAheadLog.Configuration.small(.always)
            configuration.maxPreparedSegments = 1
            let log = try await WriteAheadLog.open(at: path, configuration: configuration)
            for number in 1...100 { try await log.append(payload(number)) }
            let end = Int(log.engine.catalog.waitForClaimed().position)
            let name = try #require(try segmentNames(path).first)
            // Another program cuts off the unused part.
            try #require(truncate(path + "/" + name, off_t((end + 4095) & ~4095)) == 0)
            for number in 101...5000 { try await log.append(payload(number, size: 1000)) }
        }
        let log = try await WriteAheadLog.open(at: path, configuration: .small())
        #expect(log.recovery.isDamaged)
        let records = try readAll(log.reader())
        #expect(records.count >= 100)
        #expect(records.prefix(100).map(\.payload) == (1...100).map { payload($0) })
        #expect(try await log.append([1]) > 100)
        try await log.close()
        let again = try await WriteAheadLog.open(at: path, configuration: .small())
        #expect(again.recovery.findings.isEmpty)
        try await again.close()
    }

    /// A disk that can't read the second page of any file.
    private final class BadPage: StorageHook {
        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .read(_, let offset, let count) = call else { return .proceed }
            if offset < 4096, offset + count > 4096 { return .proceedPartly(4096 - offset) }
            return (4096..<8192).contains(offset) ? .fail(EIO) : .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    @Test func anUnreadableSectorIsToldAndNothingIsMoved() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        let log = try await WriteAheadLog.open(at: path, configuration: .small())
        for number in 1...1000 { try await log.append(payload(number)) }
        try await log.close()
        let before = try contents(of: path)
        StorageHooks.install(BadPage(), for: path)
        let report = try await Verification.verify(at: path)
        let error = #expect(throws: WALError.self) {
            var configuration = WriteAheadLog.Configuration.small()
            configuration.recoveryScope = .everything
            _ = try WriteAheadLog.openBlocking(at: path, configuration: configuration)
        }
        StorageHooks.remove(from: path)
        #expect(error?.code == .inputOutput && error?.errno == EIO)
        #expect(report.findings.map(\.classification) == [.corruption])
        let lost = try #require(report.findings.first)
        #expect(lost.offset <= 4096 && lost.offset + lost.byteCount >= 8192 && lost.byteCount < 8192)
        #expect(try contents(of: path) == before)
        let again = try await WriteAheadLog.open(at: path, configuration: .small())
        #expect(try readAll(again.reader()).count == 1000)
        try await again.close()
    }
}
