#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The check that a log's files are regular files of this process's user, or of root. Another user who could add files
/// to the directory could choose the data that is read, overwritten or returned.
enum FileOwnership {
    /// Checks an open file. Symbolic links are rejected earlier, when the file is opened.
    static func requireFile(_ descriptor: Int32, _ path: String, isWritten: Bool) throws(WALError) {
        try requireFile(SystemCall.status(of: descriptor, path), path, isWritten: isWritten)
    }

    static func requireFile(_ status: stat, _ path: String, isWritten: Bool) throws(WALError) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw WALError(.untrusted, "\(path) isn't a regular file. Remove it from the log's directory.")
        }
        try requireOwner(status.st_uid, path, isWritten: isWritten)
    }

    /// Checks a directory to write to. Symbolic links in its path are the user's choice.
    static func requireDirectory(_ directory: Directory) throws(WALError) {
        let status = try SystemCall.status(of: directory.descriptor, directory.path)
        try requireOwner(status.st_uid, directory.path, isWritten: true)
    }

    /// Root may read any log but write only its own: the owner couldn't open files that root created.
    private static func requireOwner(_ owner: uid_t, _ path: String, isWritten: Bool) throws(WALError) {
        let me = geteuid()
        guard owner != me, owner != 0, isWritten || me != 0 else { return }
        throw WALError(
            .untrusted,
            "\(path) belongs to user \(owner), but this process runs as user \(me). Run it as the log's owner, or change the owner."
        )
    }
}
