import Foundation
import WAL

/// The log as it is measured: with its defaults but for what is said here.
enum LogUnderTest {
    static let segmentSize = 64 << 20
    static let segmentsReady = 2

    static let settings =
        "segments of 64 MiB, 2 prepared; written: syncPolicy manual; durable: always, compression none (the others have none)"

    static func configuration(_ policy: WriteAheadLog.SyncPolicy) -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = policy
        configuration.segmentSize = segmentSize
        configuration.preparedSegmentsMax = segmentsReady
        configuration.compression = .none
        return configuration
    }

    /// Opens it and waits until its segments are ready, as they are after a quiet moment.
    static func open(in directory: String, _ policy: WriteAheadLog.SyncPolicy) throws -> WriteAheadLog {
        let log = try WriteAheadLog(at: directory + "/log", configuration: configuration(policy))
        while log.statistics.preparedSegmentCount < segmentsReady { usleep(1000) }
        return log
    }
}

/// The same bytes for all, and none that can be compressed.
struct Payload: Sendable {
    let bytes: [UInt8]

    init(size: Int) {
        var generator = Generator(state: 0x9E37_79B9_7F4A_7C15)
        bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    var size: Int { bytes.count }
    /// What a record takes up in the log.
    var frameSize: Int { (24 + size + 7) & ~7 }

    /// Always the same (Vigna, SplitMix64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
