import Foundation

/// A small file system on a loop device. The initializer returns nil if there can be none.
final class LoopDisk: Sendable {
    let path: String
    let device: String
    private let image: String

    init?(megabytes: Int) {
        let base = NSTemporaryDirectory() + "/wal-loop-\(UUID().uuidString)"
        // In memory if possible, because syncs are slow.
        (path, image) = (base, LogImage.directory() + ".img")
        guard geteuid() == 0, mkdir(path, 0o700) == 0 else { return nil }
        let file = open(image, O_RDWR | O_CREAT, 0o600)
        ftruncate(file, off_t(megabytes << 20))
        close(file)
        device = Self.run("losetup", "--find", "--show", image) ?? ""
        guard !device.isEmpty, Self.run("mkfs.ext4", "-q", "-F", device) != nil,
            Self.run("mount", device, path) != nil
        else {
            if !device.isEmpty { _ = Self.run("losetup", "--detach", device) }
            unlink(image)
            rmdir(path)
            return nil
        }
    }

    deinit {
        // A log of the test may still have a file open. The kernel unmounts the disk after the last one is closed.
        _ = Self.run("umount", "--lazy", path)
        _ = Self.run("losetup", "--detach", device)
        unlink(image)
        rmdir(path)
    }

    static let isPossible = LoopDisk(megabytes: 2) != nil

    /// The output of the command, or nil if it failed.
    static func run(_ command: String...) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
