import Foundation

/// The disk under the files: the measured one, or a small one in memory without a free byte.
enum Disk: String {
    case healthy = "log-line"
    case full = "log-line-full-disk"

    private static let size = 96 << 20

    /// Mounting needs root.
    var isPossible: Bool { self == .healthy || geteuid() == 0 }

    /// Calls `body` with a directory on the disk.
    func use<Result>(_ directory: String, _ body: (String) throws -> Result) throws -> Result {
        guard self == .full else { return try body(directory) }
        guard mount("tmpfs", directory, "tmpfs", 0, "size=\(Self.size)") == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        defer { umount2(directory, Int32(MNT_DETACH)) }
        return try body(directory)
    }

    /// Takes the rest of a full disk.
    func fill(_ directory: String) {
        guard self == .full else { return }
        let ballast = open(directory + "/ballast", O_WRONLY | O_CREAT, 0o600)
        defer { close(ballast) }
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(ballast, bytes, bytes.count) > 0 {}
    }
}
