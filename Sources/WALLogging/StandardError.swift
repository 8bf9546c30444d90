#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The destination of lines that must not go into the log.
enum StandardError {
    static func write(_ line: LogLine) {
        let bytes = Array("\(line)\n".utf8)
        // A failure of this write can't be reported anywhere.
        _ = unsafe bytes.withUnsafeBytes { unsafe Platform.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private enum Platform {
        static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
            #if canImport(Darwin)
                unsafe Darwin.write(descriptor, bytes, count)
            #else
                unsafe Glibc.write(descriptor, bytes, count)
            #endif
        }
    }
}
