import Foundation
import Testing

@testable import WAL
@testable import WALDelivery

/// If a process starts with closed standard descriptors, its segments must not get their numbers: printed text would overwrite
/// records.
@Suite struct DescriptorTests {
    @Test(arguments: [[0, 1, 2], [1], [0, 2]] as [[Int32]])
    func whatIsPrintedNeverGetsIntoALog(_ closed: [Int32]) async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .success) {
            [path = directory.path as String, closed = closed.map(Int.init) as [Int]] in
            for descriptor in closed { close(Int32(descriptor)) }
            var configuration = WriteAheadLog.Configuration.small(.always)
            configuration.sealedCompression = .lz4
            for life in 0..<2 {
                let log = try await WriteAheadLog.open(at: path, configuration: configuration)
                let letters = DeadLetterLog.of(log)
                let reader = log.reader()
                let other = try ReadOnlyLog(at: path).reader()
                for number in 0..<300 {
                    _ = try await log.append(payload(number, size: 1000))
                    for descriptor in closed {
                        // The runtime may have opened another file.
                        let link = "/proc/self/fd/\(descriptor)"
                        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
                        #expect(!(target ?? "").contains("/wal-"), "\(descriptor) is \(target ?? "")")
                    }
                }
                try await letters.append(
                    DeadLetterRecord(sequence: 1, time: .now, sink: "s", code: "c", reason: "r", payload: [1]))
                #expect(try readAll(reader).count == 300 * (life + 1))
                #expect(try readAll(other).count == 300 * (life + 1))
                try await log.close()
            }
            #expect(try await Verification.verify(at: path).findings.isEmpty)
        }
    }
}
