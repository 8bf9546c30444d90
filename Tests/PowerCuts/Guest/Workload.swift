import WAL
import WALTasks

/// The guest's use of its log until the power cut.
enum Workload: String, CaseIterable {
    /// Four tasks append under `.always`.
    case always
    /// Four tasks append under `.interval`. Durable records are reported when they become durable.
    case interval
    /// Batches with LZ4 and bookmarks.
    case batches
    /// Small segments that are compressed, and removed after a cursor has passed them.
    case retention
    /// Tasks through the buffer into SQLite on the same disk.
    case tasks

    func configuration(seed: UInt64) -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = [64 << 10, 256 << 10, 1 << 20][Int(seed % 3)]
        switch self {
        case .always, .batches, .tasks: configuration.syncPolicy = .always
        case .interval: configuration.syncPolicy = .interval(.milliseconds(5))
        case .retention:
            configuration.syncPolicy = .interval(.milliseconds(5))
            configuration.segmentSize = 64 << 10
            configuration.sealedCompression = .lz4
            configuration.retention.totalSize = 1 << 20
        }
        return configuration
    }

    func bufferConfiguration(seed: UInt64) -> TaskBufferConfiguration {
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = [64 << 10, 256 << 10][Int(seed % 2)]
        configuration.segmentRetention = .milliseconds(200)
        configuration.targetSegmentRecords = 500
        configuration.flushInterval = .milliseconds(100)
        configuration.syncPolicy = .always
        return configuration
    }
}
