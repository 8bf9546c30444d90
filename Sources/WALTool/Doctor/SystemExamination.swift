import CWALShims
import WAL
import WALMonitor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The examination of a log's machine by `wal doctor`.
struct SystemExamination {
    private(set) var items: [LogCheck.Item] = []
    private let directory: String
    private let status: LogStatus
    /// The id of the writer's process, if it runs on this machine.
    private let writer: Int?

    /// The number of descriptors and mappings that a process needs besides those for the segments.
    private static let spareCount = 200

    init(_ directory: String, _ snapshot: LogSnapshot) {
        self.directory = directory
        status = snapshot.status
        writer = snapshot.isUp ? LockHolder.process(of: directory) : nil
        examineOwner()
        examineUnit()
        examineSpace()
        examineLimits()
        examineMemory()
        examineClock()
        examineProcessor()
        add("libraries", .ok, Libraries.text)
    }

    private mutating func examineOwner() {
        var found = stat()
        guard stat(directory, &found) == 0 else { return }
        let mode = found.st_mode & 0o777
        let text = "owned by user \(found.st_uid), mode \(String(mode, radix: 8))"
        if mode & 0o022 != 0 {
            add(
                "owner", .critical, "\(text): other users can write to it",
                next: "chmod go-w \(directory)")
        } else {
            add("owner", .ok, text)
        }
    }

    private mutating func examineUnit() {
        guard let writer, let cgroup = text("/proc/\(writer)/cgroup"), let status = text("/proc/\(writer)/status"),
            let mounts = text("/proc/\(writer)/mountinfo"),
            let unit = ServiceUnit(cgroup: cgroup, status: status, mounts: mounts)
        else { return }
        guard !unit.missing.isEmpty else {
            return add("unit", .ok, "\(unit.name) leaves its processes few rights")
        }
        add(
            "unit", .warning, "\(unit.name) leaves its processes more rights than a log needs",
            next:
                "add to the unit: \(unit.missing.joined(separator: " ")); systemd-analyze security \(unit.name) shows the rest"
        )
    }

    private mutating func examineSpace() {
        var space = statvfs()
        guard statvfs(directory, &space) == 0 else { return }
        let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        // A forged status may contain any number.
        let (budget, used) = (UInt64(clamping: status.disk.budget ?? 0), UInt64(clamping: status.disk.bytes))
        let left = budget - min(budget, used)
        if left > free {
            add(
                "space", .warning, "the disk budget allows more than the file system has free",
                next: "lower the budget, or free \(Table.bytes(left - free))")
        }
        if space.f_files > 0, space.f_favail < 1000 {
            add("inodes", .critical, "\(space.f_favail) inodes are free", next: "remove files on the file system")
        }
    }

    private mutating func examineLimits() {
        // A forged status may contain any number.
        let segments = min(max(0, status.segments.byState.map(\.number).clampedSum), 1 << 32)
        if let open = limit("Max open files"), open < UInt64(segments + Self.spareCount) {
            add(
                "open_files", .warning, "\(open) open files are allowed, and there are \(segments) segments",
                next: "raise the limit: ulimit -n, or LimitNOFILE= in the service's unit")
        }
        if let size = limit("Max file size"), let prepared = largestSegment, size < prepared {
            add(
                "file_size", .critical, "files may have \(size) bytes, less than a segment",
                next: "raise the limit: ulimit -f, or LimitFSIZE= in the service's unit")
        }
        if let maps = text("/proc/sys/vm/max_map_count").flatMap({ Int($0.trimmed) }), maps < segments + Self.spareCount
        {
            add(
                "mappings", .warning, "\(maps) mappings are allowed, and there are \(segments) segments",
                next: "sysctl vm.max_map_count=\(4 * (segments + Self.spareCount))")
        }
    }

    private var largestSegment: UInt64? {
        guard let log = try? ReadOnlyLog(at: directory), let segments = try? log.segments else { return nil }
        return segments.map { UInt64($0.fileSize) }.max()
    }

    /// Returns the soft limit of the writer, or of this process if there is no writer; nil if there is no such limit.
    private func limit(_ name: String) -> UInt64? {
        let process = writer.map { "\($0)" } ?? "self"
        let line = text("/proc/\(process)/limits")?.split(separator: "\n").first { $0.hasPrefix(name) }
        return line.flatMap { UInt64($0.dropFirst(name.count).split(separator: " ").first ?? "") }
    }

    private mutating func examineMemory() {
        guard
            let line = text("/proc/meminfo")?.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) }),
            let largest = largestSegment
        else { return }
        // The active segment and the prepared segments are in memory until they are synced.
        let needed = Double(largest) * (1 + Double(status.segments.prepared))
        if Double(kilobytes) * 1024 < needed {
            add(
                "memory", .warning,
                "\(Table.bytes(Int(clamping: kilobytes << 10))) of memory are available, less than the open segments have",
                next: "make segments smaller (segmentSize), or give the machine more memory")
        }
    }

    private mutating func examineClock() {
        switch cwal_clock_is_set() {
        case 1: add("clock", .ok, "a time server sets this machine's clock")
        case 0:
            add(
                "clock", .warning, "no time server sets this machine's clock",
                next: "start chrony or systemd-timesyncd; only reading by time depends on it")
        default: break
        }
    }

    private mutating func examineProcessor() {
        guard let flags = text("/proc/cpuinfo")?.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else {
            return
        }
        let known = Set(flags.split(separator: " ").map(String.init))
        let used = ["sse4_2", "vpclmulqdq"].filter(known.contains)
        add(
            "processor", .ok,
            used.isEmpty
                ? "checksums use no instructions of the processor" : "checksums use \(used.joined(separator: ", "))")
    }

    private func text(_ path: String) -> String? {
        (try? readAll(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func add(_ name: String, _ verdict: LogCheck.Verdict, _ text: String, next: String? = nil) {
        items.append(LogCheck.Item(name, verdict, text, next: next))
    }
}

extension String {
    fileprivate var trimmed: Substring { prefix { !$0.isWhitespace } }
}
