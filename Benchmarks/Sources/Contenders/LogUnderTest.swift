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

    /// The number of times that the files of an opening grow until they have the configured size.
    private static let smallSegments = 4

    /// Opens the log and waits until its segments are ready, as they are in a log that is in use. The first segments after an
    /// opening are small, so this rolls until they are used up.
    public static func open(in directory: String, _ policy: WriteAheadLog.SyncPolicy) throws -> WriteAheadLog {
        try open(in: directory, configuration(policy))
    }

    public static func open(
        in directory: String, _ configuration: WriteAheadLog.Configuration
    ) throws -> WriteAheadLog {
        let log = try WriteAheadLog.openBlocking(at: directory + "/log", configuration: configuration)
        for _ in 0...smallSegments + configuration.maxPreparedSegments {
            while log.statistics.preparedSegmentCount < configuration.maxPreparedSegments { usleep(1000) }
            try log.rollBlocking()
        }
        while log.statistics.preparedSegmentCount < configuration.maxPreparedSegments { usleep(1000) }
        return log
    }
}
