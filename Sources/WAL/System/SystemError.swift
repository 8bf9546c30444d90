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
        func error(_ code: Code, _ remedy: String, isRetriable: Bool = false) -> WALError {
            WALError(code, "\(what). \(remedy)", errno: number, isRetriable: isRetriable)
        }
        return switch number {
        case ENOSPC, EDQUOT: error(.diskFull, "Appending resumes when there is space.", isRetriable: true)
        case EFBIG:
            error(
                .diskFull,
                "The process is limited to smaller files (`ulimit -f`). Appending resumes when the limit allows it.",
                isRetriable: true)
        case ENOTDIR: error(.notALogDirectory, "Name a directory.")
        case ELOOP:
            WALError(.untrusted, "\(path) is a symbolic link. Replace it with the file itself.", errno: number)
        case EROFS:
            error(.inputOutput, "The file system is mounted read-only. Mount it for writing, or use another one.")
        case EACCES, EPERM: error(.inputOutput, "Check the owner and the mode of the log's directory.")
        case EMFILE, ENFILE: error(.inputOutput, "Raise the limit on open files.", isRetriable: true)
        default: WALError(.inputOutput, "\(what).", errno: number)
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
