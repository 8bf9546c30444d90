#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension StorageInfo {
    /// The number of syncs after which their shortest duration counts.
    private static let syncCountMin: UInt64 = 64
    /// The shortest time in which a disk is known to sync. Those with a protected cache need 10 to 30 µs.
    private static let syncDurationMin: Duration = .microseconds(10)

    /// Describes the storage of an open directory.
    init(of directory: Directory) {
        let kind = FileSystemKind(of: directory)
        let mount = Mount(of: directory.descriptor)
        fileSystem = kind.name
        device = mount?.source
        mountOptions = mount?.options
        hasWriteCache = mount?.hasWriteCache
        durability =
            switch kind.use {
            case .supported: .powerLoss
            case .refused: .unknown
            case .limited:
                switch kind.name {
                case "tmpfs", "ramfs": .processCrash
                case "overlay": .container
                default: .unknown
                }
            }
        let place = device.map { "\(kind.name) on \($0)" } ?? kind.name
        explanation =
            switch durability {
            case .powerLoss: "power loss: \(place)\(hasWriteCache == true ? " (write-back cache)" : "")."
            case .processCrash: "process crash only: \(kind.name). A restart of the machine loses everything."
            case .container: "until the container is removed: overlay. Mount a volume at the log's directory."
            case .unknown, .doubtful: "unknown: \(place). \(FileSystemKind.remedy)"
            }
    }

    /// Throws unless records survive a loss of power here.
    func requireDurable(_ path: String) throws(WALError) {
        guard durability != .powerLoss else { return }
        throw WALError(
            .unsupportedFileSystem,
            "\(path) doesn't survive a loss of power (\(explanation)), and the configuration requires that. \(FileSystemKind.remedy)"
        )
    }

    /// Returns the description after syncs. A disk that syncs faster than any disk can doesn't sync.
    func after(_ syncs: DurationHistogram) -> StorageInfo {
        guard durability == .powerLoss, syncs.count >= Self.syncCountMin, let shortest = syncs.minimumNanoseconds,
            shortest < Self.syncDurationMin.nanoseconds
        else { return self }
        var info = self
        info.durability = .doubtful
        info.explanation = "doubtful: \(fileSystem), but a sync takes \(shortest / 1000) µs. This disk doesn't flush."
        return info
    }
}

/// The mount that a file is on, from `/proc/self/mountinfo` (proc(5)) and sysfs.
private struct Mount {
    var source: String
    var options: String
    var hasWriteCache: Bool?

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
            // 36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            let fields = table.split(separator: "\n").lazy.map { $0.split(separator: " ") }
                .first { $0.count > 6 && $0[2] == "\(major):\(minor)" }
            guard let fields, let separator = fields.firstIndex(of: "-"), fields.count > separator + 3 else {
                return nil
            }
            source = String(fields[separator + 2])
            options = "\(fields[5]),\(fields[separator + 3])"
            let block = "/sys/dev/block/\(major):\(minor)"
            // A partition has no queue of its own.
            hasWriteCache = ["\(block)/queue/write_cache", "\(block)/../queue/write_cache"].lazy
                .compactMap(SystemText.contents(of:)).first.map { $0.hasPrefix("write back") }
        #endif
    }
}
