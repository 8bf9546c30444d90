import Foundation
import TestSupport
import Testing

@testable import WAL

/// A log in memory or in a container's own layer behaves like any other until the machine stops.
@Suite struct StorageInfoTests {
    private func info(_ path: String) throws -> StorageInfo { StorageInfo(of: try Directory(path: path)) }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/shm"), "there is no tmpfs"))
    func memoryOutlivesTheProcessOnly() async throws {
        #expect(try info("/dev/shm").durability == .processCrash)
        let path = "/dev/shm/wal-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = WriteAheadLog.Configuration.small()
        configuration.storage = .requireDurable
        await #expect { _ = try await WriteAheadLog.open(at: path, configuration: configuration) } throws: {
            guard let error = $0 as? WALError else { return false }
            return error.code == .unsupportedFileSystem && error.message.contains("tmpfs")
        }
        configuration.storage = .warn
        let recording = RecordingLog()
        let log = try await WriteAheadLog.open(at: path, configuration: configuration, logger: recording.logger)
        #expect(log.status.storage.durability == .processCrash)
        try await log.close()
        let message = recording.messages.all.first { $0.text == "opened the log" }
        #expect(message?.metadata["wal.storage"]?.hasPrefix("process crash only: tmpfs.") == true)
    }

    /// A tmpfs without a limit has no blocks. Its logs got the smallest segments forever.
    @Test func aFileSystemWithoutBlocksSaysNothingAboutSpace() {
        var status = statvfs()
        status.f_frsize = 4096
        #expect(Directory.space(of: status) == nil)
        status.f_blocks = 10
        status.f_bavail = 3
        #expect(Directory.space(of: status)?.free == 3 * 4096)
        #expect(Directory.space(of: status)?.size == 10 * 4096)
        status.f_blocks = .max
        #expect(Directory.space(of: status)?.size == .max)
    }

    @Test(.enabled(if: LoopDisk.isPossible, "loop devices need root")) func aDiskHasItsDevice() throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        let info = try info(disk.path)
        #expect(info.durability == .powerLoss && info.fileSystem == "ext4" && info.device == disk.device)
        #expect(info.mountOptions?.contains("rw") == true)
        #expect(info.explanation.hasPrefix("power loss: ext4 on \(disk.device)"))
    }

    @Test(.enabled(if: LoopDisk.isPossible, "mounts need root")) func aContainersOwnLayerIsNamed() throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        let (lower, upper, work, merged) = (
            disk.path + "/lower", disk.path + "/upper", disk.path + "/work", disk.path + "/merged"
        )
        for path in [lower, upper, work, merged] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        let options = "lowerdir=\(lower),upperdir=\(upper),workdir=\(work)"
        guard LoopDisk.run("mount", "-t", "overlay", "overlay", "-o", options, merged) != nil else { return }
        defer { _ = LoopDisk.run("umount", merged) }
        let info = try info(merged)
        #expect(info.durability == .container && info.explanation.contains("Mount a volume"))
    }

    /// All FUSE file systems have one magic number, so the type of the mount decides.
    @Test(arguments: [
        ("nfs4", "server:/logs", StorageInfo.Durability.unknown, "nfs4 on server:/logs, other machines write to it"),
        ("cifs", #"//server/my\040logs"#, .unknown, "cifs on //server/my logs, other machines write to it"),
        (
            "fuse.sshfs", "me@server:", .unknown,
            "FUSE (fuse.sshfs) on me@server:, locks and syncs depend on the program"
        ),
        ("9p", "host", .unknown, "9p on host, locks and syncs depend on its server"),
        ("virtiofs", "share", .unknown, "virtiofs on share, locks and syncs depend on its server"),
        ("overlay", "overlay", .container, "Mount a volume"),
        ("ext4", "/dev/vdb", .powerLoss, "ext4 on /dev/vdb"),
    ])
    func theTypeOfAMountDecides(_ type: String, _ source: String, _ durability: StorageInfo.Durability, _ text: String)
        throws
    {
        let table = """
            29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            61 29 0:57 / /srv/log rw,noatime shared:3 master:1 - \(type) \(source) rw,hard
            """
        let mount = try #require(Mount("0:57", in: table))
        #expect(mount.options == "rw,noatime,rw,hard")
        // The magic number of ext4, so that only the type of the mount differs.
        let kind = FileSystemKind(number: 0xef53, type: mount.type)
        let info = StorageInfo(kind, mount)
        #expect(info.durability == durability && info.explanation.contains(text), "\(info.explanation)")
        let isRefused = ["nfs4", "cifs"].contains(type)
        #expect((try? kind.requireUsable("/srv/log")) == nil ? isRefused : !isRefused)
        #expect(Mount("0:58", in: table) == nil && Mount("0:57", in: "61 29 0:57 / /srv rw - nfs4") == nil)
    }

    @Test func aDiskThatSyncsTooFastIsDoubtful() {
        var info = StatusExample.status.storage
        var syncs = DurationHistogram()
        for _ in 0..<64 { syncs.record(.microseconds(30)) }
        #expect(info.after(syncs) == info)
        syncs.record(.microseconds(3))
        #expect(info.after(syncs).durability == .doubtful)
        #expect(info.after(syncs).explanation.contains("3 µs"))
        // A few syncs prove nothing, and memory needs no proof.
        var few = DurationHistogram()
        few.record(.microseconds(3))
        #expect(info.after(few) == info)
        info.durability = .processCrash
        #expect(info.after(syncs) == info)
    }
}
