import ArgumentParser
import WAL

/// What keeps a log small.
struct LimitOptions: ParsableArguments {
    @Option(help: "Remove what was delivered and is older, such as 12h or 7d; in whole segments, once a second.")
    var retentionAge: DurationArgument?
    @Option(help: "Remove what was delivered, oldest first, where the log is larger, such as 1GiB; in whole segments.")
    var retentionSize: SizeArgument?
    @Option(help: "What the log may take up on disk. At the budget reading waits until the store has caught up.")
    var diskBudget: SizeArgument?

    // A batch of lines, and all but the longest lines, fit into the smallest.
    private static let segmentSizeMin = 4 << 20
    private static let segmentSizeMax = 64 << 20

    func validate() throws {
        if let diskBudget, diskBudget.bytes < 8 * Self.segmentSizeMin {
            throw ValidationError("--disk-budget must be at least 32MiB.")
        }
        if let retentionSize, retentionSize.bytes < 2 * Self.segmentSizeMin {
            throw ValidationError("--retention-size must be at least 8MiB.")
        }
    }

    /// A limit is kept by removing whole segments: they are an eighth of the smaller one.
    func apply(to configuration: inout WriteAheadLog.Configuration) {
        configuration.retention.age = retentionAge?.duration
        configuration.retention.totalSize = retentionSize?.bytes
        configuration.diskBudget = diskBudget?.bytes
        // Short, so that whoever waits for the store sees a signal.
        configuration.whenFull = .wait(.seconds(1))
        guard let least = [retentionSize?.bytes, diskBudget?.bytes].compactMap(\.self).min() else { return }
        let wanted = min(max(least / 8, Self.segmentSizeMin), Self.segmentSizeMax)
        configuration.segmentSize = wanted / 4096 * 4096
    }
}
