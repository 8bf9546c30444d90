#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension WALError {
    /// The error of a system call that has just failed on a file of the log.
    static func system(_ call: String, _ path: String) -> WALError {
        system(call, path, errno: lastErrorNumber)
    }

    static func system(_ call: String, _ path: String, errno number: Int32) -> WALError {
        let reason = unsafe String(cString: strerror(number))
        let what = "\(call) of \(path) failed: \(reason)"
        switch number {
        case ENOSPC, EDQUOT:
            return WALError(
                .diskFull, "\(what). Appending goes on by itself when there is space.", errno: number,
                isRetriable: true)
        case EFBIG:
            return WALError(
                .diskFull,
                "\(what): this process may have no larger files (`ulimit -f`). Appending goes on by itself when it may.",
                errno: number, isRetriable: true)
        case ENOTDIR:
            return WALError(.notALogDirectory, "\(what). Name a directory.", errno: number)
        case ELOOP:
            return WALError(.untrusted, "\(path) is a symbolic link. Put the file itself there.", errno: number)
        case EACCES, EPERM, EROFS:
            return WALError(
                .inputOutput, "\(what). Check the owner and the mode of the log's directory.", errno: number)
        case EMFILE, ENFILE:
            return WALError(.inputOutput, "\(what). Raise the limit of open files.", errno: number, isRetriable: true)
        default:
            return WALError(.inputOutput, what, errno: number)
        }
    }
}

extension WALError {
    package var isNoSuchFile: Bool { errno == ENOENT }
}

// Inside of `WALError` the name `errno` is its property.
private var lastErrorNumber: Int32 { errno }
