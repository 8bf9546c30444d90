#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension LogLine {
    /// Writes the line to standard error, if it must not go into the log.
    func writeToStandardError() {
        let bytes = Array("\(self)\n".utf8)
        // A failure of this write can't be reported anywhere.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
