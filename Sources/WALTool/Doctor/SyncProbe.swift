import CWALShims
import WAL
import WALMonitor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Times syncs of 4 KiB in a temporary file in the log's directory.
struct SyncProbe {
    private static let duration: Duration = .seconds(2)
    private static let doubtfulMax: Duration = .microseconds(10)
    /// The 99th percentile from which on a disk counts as slow. `wal check` has the same limit.
    private static let slowMin: Duration = .milliseconds(100)

    /// The durations of the syncs, in ascending order.
    private var durations: [Duration] = []

    init(durations: [Duration]) {
        self.durations = durations.sorted()
    }

    init(_ directory: String) throws(ToolError) {
        var path = Array((directory + "/.doctor-XXXXXX").utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw ToolError(.inputOutput, "The probe's file can't be made: \(systemMessage())")
        }
        unlink(path)
        defer { close(descriptor) }
        let page = [UInt8](repeating: 1, count: 4096)
        let end = ContinuousClock.now + Self.duration
        repeat {
            let start = ContinuousClock.now
            guard cwal_pwrite(descriptor, page, page.count, off_t(durations.count % 256 * page.count)) == page.count,
                cwal_sync_data(descriptor) == 0
            else { throw ToolError(.inputOutput, "The probe's file can't be written or synced: \(systemMessage())") }
            durations.append(ContinuousClock.now - start)
        } while ContinuousClock.now < end
        durations.sort()
    }

    /// Times syncs in a log's directory, and returns the verdict. A probe that fails is a finding of its own.
    static func item(in directory: String, on storage: StorageInfo) -> LogCheck.Item {
        do throws(ToolError) {
            return try SyncProbe(directory).item(on: storage)
        } catch {
            return LogCheck.Item(
                "probe", .critical, error.message, next: "free space on the disk, or correct the directory's rights")
        }
    }

    /// Returns the verdict on a disk whose storage is `storage`.
    func item(on storage: StorageInfo) -> LogCheck.Item {
        func percentile(_ part: Double) -> Duration {
            durations[min(durations.count - 1, Int(Double(durations.count) * part))]
        }
        func text(_ part: Double) -> String { "\(Int(percentile(part) / .microseconds(1))) µs" }
        let figures = "\(durations.count) syncs of 4 KiB: at least \(text(0)), p50 \(text(0.5)), p99 \(text(0.99))"
        guard percentile(0.99) < Self.slowMin else {
            return LogCheck.Item(
                "probe", .warning, "\(figures). The disk is slow by itself",
                next: "look for other programs that write to it (iostat -x 1), or replace it")
        }
        guard durations[0] < Self.doubtfulMax, storage.durability == .powerLoss || storage.durability == .doubtful
        else {
            return LogCheck.Item("probe", .ok, figures)
        }
        return LogCheck.Item(
            "probe", .warning, "\(figures). That is faster than a disk flushes",
            next: "find out whether the disk, or the machine's host, ignores flushes")
    }
}
