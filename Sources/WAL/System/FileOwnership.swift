#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Whose files a log works with: regular ones of this process's user, or of root. Whoever could put others into the directory
/// would choose what is read, written over or handed out.
enum FileOwnership {
    /// Checks an open file. Links are refused when it is opened.
    static func requireFile(_ descriptor: Int32, _ path: String, isWritten: Bool) throws(WALError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw WALError.system("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw WALError(.untrusted, "\(path) is no regular file. Remove it from the log's directory.")
        }
        try requireOwner(status.st_uid, path, isWritten: isWritten)
    }

    /// Checks a directory that is written to; links on the way to it are the user's own business.
    static func requireDirectory(_ directory: Directory) throws(WALError) {
        var status = stat()
        guard unsafe fstat(directory.descriptor, &status) == 0 else { throw WALError.system("fstat", directory.path) }
        try requireOwner(status.st_uid, directory.path, isWritten: true)
    }

    /// Root may look at everybody's logs, and writes to its own only: its files would be closed to their owner.
    private static func requireOwner(_ owner: uid_t, _ path: String, isWritten: Bool) throws(WALError) {
        let me = geteuid()
        guard owner != me, owner != 0, isWritten || me != 0 else { return }
        throw WALError(
            .untrusted,
            "\(path) belongs to the user \(owner), and this process runs as \(me). Run it as the log's owner, or change the owner."
        )
    }
}
