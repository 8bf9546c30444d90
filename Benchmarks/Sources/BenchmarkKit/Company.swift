import BenchmarkReport
import Foundation

/// The CPU time that other processes use during a measurement, and that the contenders don't get.
public struct Company {
    /// The bound above which a figure is doubtful. The kernel's own threads, which write to the disk, stay below.
    public static let noticeable = 0.25

    private let all = Self.busySeconds()
    private let own = ProcessTime.ownSeconds()
    private let start = ContinuousClock.now

    /// The average number of cores that other processes used since the start; 0 if the system doesn't report it.
    var cores: Double {
        guard let before = all, let now = Self.busySeconds() else { return 0 }
        let seconds = start.duration(to: .now) / .seconds(1)
        // Both are counted in ticks, so that short measurements may come out below zero.
        return max(0, (now - before - (ProcessTime.ownSeconds() - own)) / seconds)
    }

    /// The time of all cores together that wasn't idle.
    private static func busySeconds() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
        let ticks = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        // user, nice, system, idle, iowait, irq, softirq, steal
        guard ticks.count >= 8 else { return nil }
        return (ticks[..<8].reduce(0, +) - ticks[3] - ticks[4]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
