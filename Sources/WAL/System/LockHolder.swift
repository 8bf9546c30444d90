#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The search for the process that has a log's directory open for writing. It doesn't touch the directory's locks,
/// because trying one could make a writer's start fail.
package enum LockHolder {
    /// Returns the process's number. Returns nil if there is none, or if the system doesn't provide it. Linux does, for
    /// processes of the same PID namespace.
    package static func process(of directory: String) -> Int? {
        #if canImport(Darwin)
            return nil
        #else
            let wanted = [directory, directory + "/" + DirectoryLock.fileName].compactMap(place(of:))
            return locks().first { wanted.contains($0.place) }?.process
        #endif
    }

    #if !canImport(Darwin)
        private static func place(of path: String) -> FileIdentity? {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            return FileIdentity(status)
        }

        /// Returns the exclusive `flock`s in `/proc/locks` (proc(5)): `1: FLOCK  ADVISORY  WRITE 4711 fe:00:1053 0
        /// EOF`. The device is given as major and minor number in hexadecimal. A line with `->` after its number is a
        /// waiter and not a lock.
        private static func locks() -> [(place: FileIdentity, process: Int)] {
            guard let text = SystemText.contents(of: "/proc/locks") else { return [] }
            return text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count > 5, words[1] == "FLOCK", words[3] == "WRITE", let process = Int(words[4]) else {
                    return nil
                }
                let parts = words[5].split(separator: ":")
                guard parts.count == 3, let major = UInt64(parts[0], radix: 16),
                    let minor = UInt64(parts[1], radix: 16),
                    let inode = UInt64(parts[2])
                else { return nil }
                return (FileIdentity(device: device(major, minor), inode: inode), process)
            }
        }

        /// `makedev` of glibc, which is a macro there.
        private static func device(_ major: UInt64, _ minor: UInt64) -> UInt64 {
            (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12
        }
    #endif
}
