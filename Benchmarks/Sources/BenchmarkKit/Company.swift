import BenchmarkReport
import Foundation

/// Who else uses the machine while something is measured: what they use, the measured don't get.
public struct Company {
    /// From here on a figure is doubtful. The kernel's own threads, which write to the disk, stay below.
    public static let noticeable = 0.25

    private let all = Self.busySeconds()
    private let own = ProcessTime.ownSeconds()
    private let start = ContinuousClock.now

    /// Cores that others used on average since it was made; 0 where the system doesn't tell.
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
