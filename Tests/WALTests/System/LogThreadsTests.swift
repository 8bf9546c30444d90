import Foundation
import TestSupport
import Testing

@testable import WAL

#if os(Linux)
    /// A file server that doesn't answer must stop only the logs on it.
    @Suite(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm"), "needs a second file system"))
    struct LogThreadsTests {
        /// Each new file of a log waits until the disk answers again.
        private final class HungDisk: StorageHook {
            private let isHung = Monitor(true)
            private let heldCount = Monitor(0)

            /// Returns once this number of threads wait for the disk.
            func waitForThreads(_ count: Int) async throws {
                try await eventually { heldCount.withLock { $0 } >= count }
            }

            func answer() {
                isHung.withLock { $0 = false }
                isHung.notifyAll()
            }

            func before(_ call: StorageCall) -> StorageVerdict {
                if case .open(_, creates: true) = call {
                    heldCount.withLock { $0 += 1 }
                    isHung.wait { $0 ? nil : () }
                }
                return .proceed
            }

            func after(_ call: StorageCall, result: Int) {}
        }

        @Test(.timeLimit(.minutes(5))) func aHungDiskStopsNoLogOnAnotherOne() async throws {
            let hung = TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: hung.path, withIntermediateDirectories: true)
            let threads = LogThreads.of(try Directory(path: hung.path))
            let disk = HungDisk()
            defer { disk.answer() }
            var logs: [WriteAheadLog] = []
            for number in 0..<8 {
                let path = hung.path + "/\(number)"
                logs.append(try await WriteAheadLog.open(at: path, configuration: .small(.manual)))
                StorageHooks.install(disk, for: path)
            }
            defer { for number in 0..<8 { StorageHooks.remove(from: hung.path + "/\(number)") } }
            let appends = logs.map { log in
                Task { for number in 0..<400 { try await log.append(payload(number, size: 1000)) } }
            }
            // Before all threads have begun, the threads are crowded only until the next one begins.
            try await disk.waitForThreads(6)
            try await eventually { threads.maintenance.isCrowded }

            let other = "/dev/shm/wal-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: other) }
            let log = try await WriteAheadLog.open(at: other, configuration: .small(.manual))
            for number in 0..<3000 { try await log.append(payload(number, size: 1000)) }
            try log.setCursor("consumer", to: 3000)
            #expect(try await log.sync() == 3000)
            try await log.close()
            #expect(threads.maintenance.isCrowded)

            disk.answer()
            for append in appends { try await append.value }
            for log in logs { try await log.close() }
        }
    }
#endif
