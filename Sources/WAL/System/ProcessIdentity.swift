#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The identity of this process: its number, and the time of its start, because numbers are reused.
enum ProcessIdentity {
    static var number: UInt32 { UInt32(bitPattern: getpid()) }

    /// The time of the start in ticks since the kernel's start: field 22 of `/proc/self/stat` (proc(5)). 0 if unknown.
    static let start: UInt64 = {
        guard let file = try? File("/proc/self/stat", .read), let text = try? file.read(at: 0, count: 4096) else {
            return 0
        }
        // The second field is the program's name in parentheses, and may contain any character.
        guard let name = text.lastIndex(of: UInt8(ascii: ")")) else { return 0 }
        let fields = String(decoding: text[text.index(after: name)...], as: UTF8.self).split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) ?? 0 : 0
    }()
}
