import Foundation
public import WAL

/// The measured log, with the default configuration except for the settings here.
public enum LogUnderTest {
    public static let segmentSize = 64 << 20
    public static let segmentsReady = 2

    public static let settings =
        "segments of 64 MiB, 2 prepared; written: syncPolicy manual; durable: always, compression none (the others have none)"

    public static func configuration(_ policy: WriteAheadLog.SyncPolicy) -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = policy
        configuration.segmentSize = segmentSize
        configuration.maxPreparedSegments = segmentsReady
        configuration.compression = .none
        return configuration
    }

    /// Opens the log and waits until its segments are ready, as they are after a quiet moment. The first segment after an
    /// opening is a small one, so this rolls to the next.
    public static func open(in directory: String, _ policy: WriteAheadLog.SyncPolicy) throws -> WriteAheadLog {
        try open(in: directory, configuration(policy))
    }

    public static func open(
        in directory: String, _ configuration: WriteAheadLog.Configuration
    ) throws -> WriteAheadLog {
        let log = try WriteAheadLog.openBlocking(at: directory + "/log", configuration: configuration)
        try log.rollBlocking()
        while log.statistics.preparedSegmentCount < configuration.maxPreparedSegments { usleep(1000) }
        return log
    }
}
