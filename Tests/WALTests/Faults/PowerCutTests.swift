import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A disk that accepts no writes after a random moment, as after a power cut, under a real file system with its journal. Records
/// that were durable before must exist afterwards.
@Suite(.serialized) struct PowerCutTests {
    @Test(.enabled(if: FlakyDisk.isPossible, "needs root and dm-flakey"), .timeLimit(.minutes(24 * 60)))
    func whatWasDurableIsThereAfterTheCut() async throws {
        let deadline = Torture.minutes.map { ContinuousClock.now + .seconds($0 * 60) }
        var round = 0
        while deadline.map({ ContinuousClock.now < $0 }) ?? (round < 5) {
            round += 1
            try await cut(round)
        }
    }

    /// Cuts the power of a virtual machine, whose disk loses any part of its unflushed data.
    @Test(
        .enabled(if: !FlakyDisk.isPossible, "dm-flakey can be used"),
        .enabled(
            if: VirtualMachine.isWanted, "needs root, loop devices and Scripts/install-dependencies --virtual-machine"),
        .timeLimit(.minutes(24 * 60)))
    func whatWasDurableIsThereAfterTheMachinesCut() throws {
        let deadline = Torture.minutes.map { ContinuousClock.now + .seconds($0 * 60) }
        var seed = Torture.seed
        repeat {
            let run = VirtualMachine.powerCuts(VirtualMachine.cuts, seed: seed)
            #expect(run.status == 0, "\(run.output)")
            let isLoss = run.output.contains("LOSS")
            Torture.report(
                "power cut",
                Torture.Tally(
                    cases: VirtualMachine.cuts, findings: run.status == 0 ? 0 : 1, losses: isLoss ? 1 : 0))
            seed += UInt64(VirtualMachine.cuts)
        } while deadline.map { ContinuousClock.now < $0 } ?? false
    }

    private func cut(_ round: Int) async throws {
        let disk = try #require(FlakyDisk())
        let reports = NSTemporaryDirectory() + "/wal-cut-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: reports) }
        let hasEnded = Monitor(false)
        let cut = Task.detached {
            // A cut before the first report would test nothing.
            try await eventually(every: .milliseconds(5)) {
                !ReportFile.read(reports).isEmpty || hasEnded.withLock { $0 }
            }
            try await Task.sleep(for: .milliseconds(.random(in: 50...500)))
            disk.failWrites()
        }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = disk.path as String, reports = reports as String] in
            var configuration = WriteAheadLog.Configuration.small(.always)
            configuration.segmentSize = 64 << 10
            let log = try await WriteAheadLog.open(at: path + "/log", configuration: configuration)
            killSelf(afterMicroseconds: 1_000_000)
            await KillTests.work(.always, log, ReportFile(reports), salt: 0)
        }
        hasEnded.withLock { $0 = true }
        try await cut.value
        disk.restore()
        // The kernel still runs, but its cached data is gone.
        for name in try segmentNames(disk.path + "/log") {
            let url = URL(fileURLWithPath: "\(disk.path)/log/\(name)")
            var contents = try Data(contentsOf: url)
            contents.withUnsafeMutableBytes { BootChange.moveToAnotherBoot($0) }
            try contents.write(to: url)
        }
        let log = try await WriteAheadLog.open(at: disk.path + "/log", configuration: .small())
        #expect(!log.recovery.isDamaged, "\(log.recovery.findings)")
        var found: [UInt64: UInt64] = [:]
        for record in try readAll(log.reader()) { found[record.sequence.rawValue] = digest(record.payload) }
        let lost = ReportFile.read(reports).filter { found[$0[0]] != $0[1] }
        #expect(lost.isEmpty)
        try await log.close()
        Torture.report(
            "power cut", Torture.Tally(cases: 1, findings: lost.isEmpty ? 0 : 1, losses: lost.isEmpty ? 0 : 1))
    }
}

/// A file system on a device whose writes can fail on demand.
final class FlakyDisk: Sendable {
    let path: String
    private let name = "wal-\(UUID().uuidString)"
    private let image: String
    private let device: String
    private static let sectors = 32 << 11

    init?() {
        path = NSTemporaryDirectory() + "/" + name
        image = path + ".img"
        guard LoopDisk.run("dmsetup", "targets")?.contains("flakey") ?? false, mkdir(path, 0o700) == 0 else {
            return nil
        }
        let file = open(image, O_RDWR | O_CREAT, 0o600)
        ftruncate(file, off_t(Self.sectors * 512))
        close(file)
        device = LoopDisk.run("losetup", "--find", "--show", image) ?? ""
        guard LoopDisk.run("dmsetup", "create", name, "--table", "0 \(Self.sectors) linear \(device) 0") != nil,
            LoopDisk.run("mkfs.ext4", "-q", "-F", "/dev/mapper/\(name)") != nil,
            LoopDisk.run("mount", "/dev/mapper/\(name)", path) != nil
        else { return nil }
    }

    deinit {
        _ = LoopDisk.run("umount", path)
        _ = LoopDisk.run("dmsetup", "remove", "--retry", name)
        _ = LoopDisk.run("losetup", "--detach", device)
        unlink(image)
        rmdir(path)
    }

    static let isPossible = FlakyDisk() != nil

    private func load(_ table: String) {
        // Without a flush: unwritten data must not reach the disk.
        _ = LoopDisk.run("dmsetup", "suspend", "--noflush", "--nolockfs", name)
        _ = LoopDisk.run("dmsetup", "load", name, "--table", table)
        _ = LoopDisk.run("dmsetup", "resume", name)
    }

    func failWrites() {
        load("0 \(Self.sectors) flakey \(device) 0 0 3600 1 error_writes")
    }

    /// Mounts the file system again, as after a start of the machine.
    func restore() {
        _ = LoopDisk.run("umount", path)
        load("0 \(Self.sectors) linear \(device) 0")
        _ = LoopDisk.run("mount", "/dev/mapper/\(name)", path)
    }
}
