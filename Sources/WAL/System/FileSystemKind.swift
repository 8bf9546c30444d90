internal import CWALShims

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The kind of a file system, and whether a log can use it.
struct FileSystemKind: Sendable {
    enum Use: Sendable {
        case supported
        /// A log works there, with this limitation.
        case limited(String)
        /// A log's promises can't be kept there, for this reason.
        case refused(String)
    }

    let name: String
    let use: Use

    init(of directory: Directory) {
        self.init(of: directory, Mount(of: directory.descriptor))
    }

    init(of directory: Directory, _ mount: Mount?) {
        self.init(number: cwal_file_system_number(directory.descriptor), type: mount?.type)
    }

    /// Makes the kind from the file system's number in `statfs(2)`, and from the type of the mount. All FUSE file
    /// systems have the same number, and virtiofs has it as well. A number that isn't in the table counts as a local
    /// file system.
    init(number: Int64, type: String? = nil) {
        (name, use) =
            type.flatMap(Self.kind(ofType:)) ?? Self.table[number]
            ?? ("unknown, 0x\(String(number, radix: 16))", .supported)
    }

    private static func kind(ofType type: String) -> (String, Use)? {
        switch type {
        case "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "coda", "ncpfs": (type, network)
        case "9p", "virtiofs": (type, served)
        case "tmpfs", "ramfs": (type, memory)
        case "overlay": (type, layer)
        case _ where type.hasPrefix("fuse."): ("FUSE (\(type))", program)
        default: nil
        }
    }

    private static let network = Use.refused("other machines write to it, and its locks and syncs depend on a server")
    private static let cluster = Use.limited("locks and syncs depend on other machines")
    private static let served = Use.limited("locks and syncs depend on its server")
    private static let program = Use.limited("locks and syncs depend on the program that serves it")
    private static let layer = Use.limited("files in a container's own layer are removed with the container")
    private static let memory = Use.limited("it is in memory, so its files are lost when the machine stops")

    /// Blocks aren't overwritten there, so zeroing reserves nothing: the first store to a page takes new space, and
    /// raises SIGBUS if there is none.
    private static let copying = Use.limited("a full disk ends the process, because each write takes new space")

    /// The numbers come from `linux/magic.h` and from the sources of the file systems.
    private static let table: [Int64: (String, Use)] = [
        0x6969: ("NFS", network), 0x517b: ("SMB", network), 0xff53_4d42: ("CIFS", network),
        0xfe53_4d42: ("SMB2", network),
        0x5346_414f: ("AFS", network), 0x6b41_4653: ("AFS", network), 0x7375_7245: ("Coda", network),
        0x564c: ("NCP", network),
        0x0102_1997: ("9P", served),
        0x6573_5546: ("FUSE", program),
        0x00c3_6400: ("Ceph", cluster), 0x0bd0_0bd0: ("Lustre", cluster), 0x4750_4653: ("GPFS", cluster),
        0x0116_1970: ("GFS2", cluster), 0x7461_636f: ("OCFS2", cluster),
        0x794c_7630: ("overlay", layer),
        0x0102_1994: ("tmpfs", memory), 0x8584_58f6: ("ramfs", memory),
        0xef53: ("ext4", .supported), 0x5846_5342: ("XFS", .supported), 0x9123_683e: ("Btrfs", copying),
        0x2fc1_2fc1: ("ZFS", .supported), 0xf2f5_2010: ("F2FS", .supported), 0xca45_1a4e: ("bcachefs", copying),
    ]

    /// Throws if a log can't use this file system.
    func requireUsable(_ path: String) throws(WALError) {
        guard case .refused(let reason) = use else { return }
        throw WALError(.unsupportedFileSystem, "\(path) is on \(name): \(reason). \(Self.remedy)")
    }

    static let remedy = "Put the log on a local file system, such as ext4 or XFS."
}

extension WALError {
    /// Returns the error of a call on a directory that has just failed. File systems without an operation that a log
    /// needs report that with various error numbers.
    static func system(_ call: String, on directory: Directory) -> WALError {
        let error = system(call, directory.path)
        guard let number = error.errno, directoryCallsUnsupported.contains(number) else { return error }
        return unsupported(error, FileSystemKind(of: directory), with: "a directory")
    }

    /// Returns the error of a call on a file that has just failed, and that a local file system always supports.
    static func system(_ call: String, on file: File) -> WALError {
        let error = system(call, file.path)
        guard let number = error.errno, fileCallsUnsupported.contains(number) else { return error }
        let kind = FileSystemKind(number: cwal_file_system_number(file.descriptor))
        return unsupported(error, kind, with: "a file")
    }

    private static func unsupported(_ error: WALError, _ kind: FileSystemKind, with what: String) -> WALError {
        WALError(
            .unsupportedFileSystem,
            "\(error.message) The file system (\(kind.name)) can't do that with \(what). \(FileSystemKind.remedy)",
            errno: error.errno)
    }
}

private let directoryCallsUnsupported: [Int32] = [EINVAL, EBADF, ENOTSUP, EOPNOTSUPP, ENOSYS, ENOLCK]
private let fileCallsUnsupported: [Int32] = [EINVAL, ENODEV, ENOTSUP, EOPNOTSUPP, ENOSYS, ENOLCK]
