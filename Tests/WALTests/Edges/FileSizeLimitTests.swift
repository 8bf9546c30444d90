import Foundation
import TestSupport
import Testing

@testable import WAL

/// Beyond `ulimit -f` the kernel sends SIGXFSZ, which must not end the process.
@Suite struct FileSizeLimitTests {
    @Test func aLimitIsAFullDiskAndAppendingGoesOnWithoutIt() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            let log = try await WriteAheadLog.open(at: path, configuration: .small(.always))
            setFileSizeLimit(1000)
            var (count, failure) = (0, WALError?.none)
            while failure == nil {
                do throws(WALError) {
                    _ = try await log.append(payload(count, size: 1000))
                    count += 1
                } catch { failure = error }
            }
            #expect(failure?.code == .diskFull)
            #expect(failure?.message.contains("ulimit -f") ?? false, "\(String(describing: failure))")
            #expect(try readAll(log.reader()).count == count)
            // The limit also fails an opening on this thread.
            let opening = #expect(throws: WALError.self) {
                _ = try WriteAheadLog.openBlocking(at: path + "-2", configuration: .small(.always))
            }
            #expect(opening?.code == .diskFull)
            try FileManager.default.removeItem(atPath: path + "-2")
            setFileSizeLimit(nil)
            try await eventually(every: .milliseconds(10)) {
                (try? await log.append(payload(count, size: 1000))) != nil
            }
            #expect(try readAll(log.reader()).count == count + 1)
            try await log.close()
            // The process's own action for the signal is unchanged.
            var action = sigaction()
            sigaction(SIGXFSZ, nil, &action)
            #expect(action.__sigaction_handler.sa_handler == nil)
        }
    }
}
