internal import Foundation

/// A small file system in memory.
package final class SmallDisk: Sendable {
    package let path: String

    package init?(megabytes: Int) {
        path = NSTemporaryDirectory() + "/wal-disk-\(UUID().uuidString)"
        guard geteuid() == 0, mkdir(path, 0o700) == 0 else { return nil }
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            rmdir(path)
            return nil
        }
    }

    deinit {
        umount2(path, 2)
        rmdir(path)
    }

    package static let isPossible = SmallDisk(megabytes: 1) != nil
    package static let isRequired = ProcessInfo.processInfo.environment["REQUIRE_MOUNT"] == "1"
}
