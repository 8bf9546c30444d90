extension StorageInfo {
    /// The number of syncs after which their shortest duration counts.
    private static let syncCountMin: UInt64 = 64
    /// The shortest time in which a disk is known to sync. Those with a protected cache need 10 to 30 µs.
    private static let syncDurationMin: Duration = .microseconds(10)

    /// Describes the storage of an open directory.
    init(of directory: Directory) {
        let mount = Mount(of: directory.descriptor)
        self.init(FileSystemKind(of: directory, mount), mount)
    }

    init(_ kind: FileSystemKind, _ mount: Mount?) {
        fileSystem = kind.name
        device = mount?.source
        mountOptions = mount?.options
        hasWriteCache = mount?.hasWriteCache
        var reason = ""
        switch kind.use {
        case .supported: durability = .powerLoss
        case .refused(let why), .limited(let why):
            reason = why
            durability =
                switch kind.name {
                case "tmpfs", "ramfs": .processCrash
                case "overlay": .container
                case "Btrfs", "bcachefs": .powerLoss
                default: .unknown
                }
        }
        let place = device.map { "\(kind.name) on \($0)" } ?? kind.name
        let cache = hasWriteCache == true ? " (write-back cache)" : ""
        let limit = reason.isEmpty ? "" : ", \(reason)"
        explanation =
            switch durability {
            case .powerLoss: "power loss: \(place)\(cache)\(limit)."
            case .processCrash: "process crash only: \(kind.name). A restart of the machine loses everything."
            case .container: "until the container is removed: overlay. Mount a volume at the log's directory."
            case .unknown, .doubtful: "unknown: \(place), \(reason). \(FileSystemKind.remedy)"
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
