import Foundation

/// CPU time of processes by the kernel's own account, in ticks of 10 ms: for measurements of a second or more.
public enum ProcessTime {
    /// User and system time in seconds of a process, of its children, and of the children that have ended; nil where there is
    /// no `/proc`, or no such process.
    public static func seconds(ofFamily process: Int32) -> Double? {
        guard let own = Account(process) else { return nil }
        // Backends that a server starts are its children; those that have ended are in its own account.
        let children = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let family = children.compactMap { Int32($0) }.compactMap { Account($0) }.filter { $0.parent == process }
        let ticks = own.ticks + family.reduce(0) { $0 + $1.ticks }
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// User and system time in seconds of this process.
    public static func ownSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// The fields of `/proc/PID/stat` that count.
    private struct Account {
        let parent: Int32
        let ticks: UInt64

        init?(_ process: Int32) {
            guard
                let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                // The name, the second field, may hold spaces and parentheses.
                let end = line.lastIndex(of: ")")
            else { return nil }
            let fields = line[line.index(after: end)...].split(separator: " ")
            // From the third field on: state, parent; user, system, and those of children from the 14th.
            guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
            self.parent = parent
            ticks = fields[11...14].compactMap { UInt64($0) }.reduce(0, +)
        }
    }
}
