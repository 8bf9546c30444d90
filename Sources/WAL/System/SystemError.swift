#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension WALError {
    /// Returns the error of a system call on a file of the log that has just failed.
    static func system(_ call: String, _ path: String) -> WALError {
        system(call, path, errno: lastErrorNumber)
    }

    static func system(_ call: String, _ path: String, errno number: Int32) -> WALError {
        let reason = unsafe String(cString: strerror(number))
        let what = "\(call) of \(path) failed: \(reason)"
        switch number {
        case ENOSPC, EDQUOT:
            return WALError(
                .diskFull, "\(what). Appending resumes when there is space.", errno: number,
                isRetriable: true)
        case EFBIG:
            return WALError(
                .diskFull,
                "\(what). The process is limited to smaller files (`ulimit -f`). Appending resumes when the limit allows it.",
                errno: number, isRetriable: true)
        case ENOTDIR:
            return WALError(.notALogDirectory, "\(what). Name a directory.", errno: number)
        case ELOOP:
            return WALError(.untrusted, "\(path) is a symbolic link. Replace it with the file itself.", errno: number)
        case EROFS:
            return WALError(
                .inputOutput,
                "\(what). The file system is mounted read-only. Mount it for writing, or use another one.",
                errno: number)
        case EACCES, EPERM:
            return WALError(
                .inputOutput, "\(what). Check the owner and the mode of the log's directory.", errno: number)
        case EMFILE, ENFILE:
            return WALError(.inputOutput, "\(what). Raise the limit on open files.", errno: number, isRetriable: true)
        default:
            return WALError(.inputOutput, "\(what).", errno: number)
        }
    }
}

extension WALError {
    package var isNoSuchFile: Bool { errno == ENOENT }
    /// Whether a path leads through a file, or to a file instead of a directory.
    var isNoDirectory: Bool { errno == ENOTDIR }
}

/// Returns the result of `body`, or nil if the file or directory that it opens doesn't exist.
package func ifExists<Value>(_ body: () throws(WALError) -> Value) throws(WALError) -> Value? {
    do throws(WALError) {
        return try body()
    } catch {
        guard error.isNoSuchFile else { throw error }
        return nil
    }
}

// In `WALError`, the name `errno` means its property.
private var lastErrorNumber: Int32 { errno }
