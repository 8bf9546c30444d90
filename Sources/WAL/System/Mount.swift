#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The mount that a file is on, from `/proc/self/mountinfo` (proc(5)) and sysfs.
struct Mount {
    /// The type, such as `nfs4` or `fuse.sshfs`.
    var type: String
    var source: String
    var options: String
    var hasWriteCache: Bool?

    /// Finds the mount of an open file. Nil if the system doesn't report it.
    init?(of descriptor: Int32) {
        #if canImport(Darwin)
            return nil
        #else
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0,
                let table = SystemText.contents(of: "/proc/self/mountinfo")
            else { return nil }
            let device = UInt64(status.st_dev)
            let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
            let minor = device & 0xff | (device >> 12) & ~0xff
            self.init("\(major):\(minor)", in: table)
            let block = "/sys/dev/block/\(major):\(minor)"
            // A partition has no queue of its own.
            hasWriteCache = ["\(block)/queue/write_cache", "\(block)/../queue/write_cache"].lazy
                .compactMap(SystemText.contents(of:)).first.map { $0.hasPrefix("write back") }
        #endif
    }

    /// Finds the mount of a device, `MAJOR:MINOR`, in the text of `mountinfo`.
    init?(_ device: String, in table: String) {
        // 36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        let fields = table.split(separator: "\n").lazy.map { $0.split(separator: " ") }
            .first { $0.count > 6 && $0[2] == device }
        guard let fields, let separator = fields.firstIndex(of: "-"), fields.count > separator + 3 else { return nil }
        type = String(fields[separator + 1])
        // Spaces are escaped.
        source = String(fields[separator + 2]).replacing(#"\040"#, with: " ")
        options = "\(fields[5]),\(fields[separator + 3])"
    }
}
