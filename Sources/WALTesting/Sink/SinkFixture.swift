public import WAL
public import WALDelivery

/// What ``SinkConformance`` has to know of a sink, to test it.
///
/// Checks use keys, events and logs that no other check uses: one destination can serve all of them.
public protocol SinkFixture: Sendable {
    /// The sink that is tested.
    associatedtype Tested: Sink

    /// Opens the destination once more, as another process would. The suite closes each sink that it is given, once.
    func makeSink() async throws -> Tested

    /// A record's payload that makes the sink do this; nil where the sink has nothing of the kind, which skips checks.
    func payload(for change: SinkChange) throws -> [UInt8]?

    /// The hash of a payload's key, as flushers into the sink are given it; equal for changes with equal keys, never nil for them.
    func key(of payload: RawSpan) -> UInt64?

    /// Everything that is in the destination now, read past the sink if that's possible.
    func contents() async throws -> SinkContents

    /// The records of a log that the sink itself has set aside, read from the destination; nil if it keeps none.
    func deadLetters(of log: LogID) async throws -> [SequenceNumber]?

    /// The largest batch that the sink promises to take.
    var largestBatch: LargestBatch { get }

    /// Opens the destination through a proxy that the suite may cut; nil where there is no connection to cut.
    /// The suite closes both.
    func makeSinkBehindProxy() async throws -> (sink: Tested, proxy: CuttingProxy)?

    /// Kills the destination's server and starts it again, so that it keeps what it has acknowledged; false where there is none.
    func restartDestination() async throws -> Bool

    /// How long the suite waits for a delivery before it calls it stuck.
    var patience: Duration { get }
}

/// How large a batch may be.
public struct LargestBatch: Hashable, Sendable {
    /// Records in a batch.
    public var recordCount: Int
    /// Bytes of one value.
    public var valueSize: Int

    /// Makes limits; 10,000 records and values of 1 MiB by default.
    public init(recordCount: Int = 10_000, valueSize: Int = 1 << 20) {
        self.recordCount = recordCount
        self.valueSize = valueSize
    }
}

extension SinkFixture {
    public func deadLetters(of log: LogID) async throws -> [SequenceNumber]? { nil }
    public var largestBatch: LargestBatch { LargestBatch() }
    public func makeSinkBehindProxy() async throws -> (sink: Tested, proxy: CuttingProxy)? { nil }
    public func restartDestination() async throws -> Bool { false }
    public var patience: Duration { .seconds(60) }
}
