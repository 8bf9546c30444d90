#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Calls of the log to the operating system.
enum SystemCall {
    /// Makes a call, and repeats it if a signal interrupts it. Returns the result: -1 if it failed, with the reason in
    /// `errno`.
    static func perform(
        _ hook: (any StorageHook)?, _ call: @autoclosure () -> StorageCall, _ body: () -> Int
    ) -> Int {
        perform(hook, call(), count: 0) { _ in body() }
    }

    /// Makes a call with a number of bytes, which a hook can reduce.
    static func perform(
        _ hook: (any StorageHook)?, _ call: @autoclosure () -> StorageCall, count: Int, _ body: (_ count: Int) -> Int
    ) -> Int {
        while true {
            let result = if let hook { observed(hook, call(), count, body) } else { body(count) }
            guard result < 0, errno == EINTR else { return result }
        }
    }

    /// Returns the status of an open file or directory.
    static func status(of descriptor: Int32, _ path: String) throws(WALError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw WALError.system("fstat", path) }
        return status
    }

    private static func observed(
        _ hook: any StorageHook, _ call: StorageCall, _ count: Int, _ body: (_ count: Int) -> Int
    ) -> Int {
        var result = -1
        switch hook.before(call) {
        case .proceed: result = body(count)
        case .proceedPartly(let part): result = body(min(part, count))
        case .fail(let number): errno = number
        }
        let number = errno
        hook.after(call, result: result)
        errno = number
        return result
    }
}

/// A file in which the kernel presents a state, such as `/proc/locks`.
enum SystemText {
    /// Returns the file's text; nil if it can't be read.
    static func contents(of path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: piece[..<count])
        }
    }
}
