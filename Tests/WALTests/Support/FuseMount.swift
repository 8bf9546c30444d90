import Foundation
import TestSupport
import Testing

/// A directory that `Tests/FileSystems/passthrough.py` serves by FUSE until its last reference is gone.
final class FuseMount {
    let path: String
    private let source: String
    private let server: Process

    /// The reason why FUSE can't be used, or nil. With `REQUIRE_SERVERS=1`, only a kernel without FUSE is a reason.
    static let obstacle: String? = {
        if access("/dev/fuse", R_OK | W_OK) != 0 { return "there is no /dev/fuse that can be used" }
        if ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1" { return nil }
        return system("\(python) -c 'import fusepy' 2>/dev/null") == 0
            ? nil : "fusepy isn't installed: Scripts/install-dependencies --servers"
    }()

    // Debian's own Python, for which Debian's packages are.
    private static let python = "/usr/bin/python3"
    private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "FileSystems/passthrough.py").path()

    /// Mounts a directory whose calls fail according to the program's options.
    init(_ options: [String]) throws {
        let root = NSTemporaryDirectory() + "wal-fuse-" + UUID().uuidString
        (source, path) = (root + "/source", root + "/mount")
        for directory in [source, path] {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        server = Process()
        server.executableURL = URL(fileURLWithPath: Self.python)
        server.arguments = [Self.program, source, path] + options
        server.standardInput = FileHandle.nullDevice
        try server.run()
        try eventuallyBlocking { try isMounted() || !server.isRunning }
        try #require(server.isRunning, "FUSE can't be mounted here")
    }

    deinit {
        _ = system("fusermount -u '\(path)' || umount '\(path)'")
        server.waitUntilExit()
        try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    }

    private func isMounted() throws -> Bool {
        var (mount, parent) = (stat(), stat())
        guard stat(path, &mount) == 0, stat((path as NSString).deletingLastPathComponent, &parent) == 0 else {
            return false
        }
        return mount.st_dev != parent.st_dev
    }
}
