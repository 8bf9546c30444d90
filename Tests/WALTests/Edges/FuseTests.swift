import Foundation
import Testing

@testable import WAL

/// Opening finds that a file system lacks what a log needs, and its error names the reason and the remedy, before records are
/// lost.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled("\(FuseMount.obstacle ?? "")") { FuseMount.obstacle == nil })
struct FuseTests {
    @Test(arguments: [
        (["--fsyncdir", "EINVAL"], EINVAL, "fsync"), (["--fsync", "EINVAL"], EINVAL, "fdatasync"),
        (["--direct-io"], ENODEV, "mmap"),
    ])
    func openingNamesWhatIsMissing(_ options: [String], _ number: Int32, _ call: String) throws {
        let mount = try FuseMount(options)
        let path = mount.path + "/log"
        let error = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: path, configuration: .small(.always))
        }
        #expect(error?.code == .unsupportedFileSystem, "\(String(describing: error))")
        #expect(error?.errno == number)
        for part in [call, mount.path, "FUSE", "ext4 or XFS"] {
            #expect(error?.message.contains(part) ?? false, "\(String(describing: error)) lacks \(part)")
        }
    }

    @Test func whereNothingIsMissingALogWorks() async throws {
        let mount = try FuseMount([])
        let path = mount.path + "/log"
        for life in 0..<2 {
            let log = try await WriteAheadLog.open(at: path, configuration: .small(.always))
            for number in 0..<20 { _ = try await log.append(payload(number, size: 1000)) }
            #expect(try readAll(log.reader()).count == 20 * (life + 1))
            try await log.close()
        }
        #expect(try await Verification.verify(at: path).findings.isEmpty)
    }
}
