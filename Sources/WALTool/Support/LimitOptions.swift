import ArgumentParser
import WAL

/// The options that limit the size of a log.
struct LimitOptions: ParsableArguments {
    @Option(help: "Remove delivered records older than this (12h or 7d), in whole segments, once a second.")
    var retentionAge: DurationArgument?
    @Option(help: "If the log is larger than this (1GiB), remove delivered records, oldest first, in whole segments.")
    var retentionSize: SizeArgument?
    @Option(help: "The log's most space on disk. When it is used up, reading waits for the store to catch up.")
    var diskBudget: SizeArgument?

    // A batch of lines, and all but the longest lines, fit into the smallest segment.
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

    /// Sets the limits. The log removes only whole segments, so a segment has an eighth of the smaller limit.
    func apply(to configuration: inout WriteAheadLog.Configuration) {
        configuration.retention.age = retentionAge?.duration
        configuration.retention.totalSize = retentionSize?.bytes
        configuration.diskBudget = diskBudget?.bytes
        // The time is short, so that an append that waits for the store notices a signal.
        configuration.whenFull = .wait(.seconds(1))
        guard let least = [retentionSize?.bytes, diskBudget?.bytes].compactMap(\.self).min() else { return }
        let wanted = min(max(least / 8, Self.segmentSizeMin), Self.segmentSizeMax)
        configuration.segmentSize = wanted / 4096 * 4096
    }
}
