public import WAL
public import WALDelivery

/// The properties of a sink that ``SinkConformance`` needs to test it.
///
/// Each check uses its own keys, events and logs, so one destination can serve all of them.
public protocol SinkFixture: Sendable {
    /// The type of the tested sink.
    associatedtype Tested: Sink

    /// Opens the destination again, as another process would. The suite closes each sink once.
    func makeSink() async throws -> Tested

    /// Returns the payload of a record with this effect. Nil if the sink doesn't support the effect, which skips
    /// checks.
    func payload(for change: SinkChange) throws -> [UInt8]?

    /// Returns the hash of a payload's key, as flushers into the sink use it. It must be equal for changes with equal
    /// keys, and not nil for changes.
    func key(of payload: RawSpan) -> UInt64?

    /// Returns the current contents of the destination, bypassing the sink if possible.
    func contents() async throws -> SinkContents

    /// Returns the records of a log that the sink itself has set aside, read from the destination. Nil if it keeps
    /// none.
    func deadLetters(of log: LogID) async throws -> [SequenceNumber]?

    /// The largest batch that the sink must accept.
    var largestBatch: LargestBatch { get }

    /// Opens the destination through a proxy that the suite may cut. Nil if there is no connection to cut. The suite
    /// closes both.
    func makeSinkBehindProxy() async throws -> (sink: Tested, proxy: CuttingProxy)?

    /// Kills the destination's server and starts it again, so that it keeps all acknowledged data. Returns false if
    /// there is no server.
    func restartDestination() async throws -> Bool

    /// The longest time that the suite waits for a delivery, or repeats a call whose failure may pass. With less than the
    /// default, 10 minutes, some faults are found sooner, and a slow destination may look faulty.
    var patience: Duration { get }
}

/// The size limits of a batch.
public struct LargestBatch: Hashable, Sendable {
    /// The number of records in a batch.
    public var recordCount: Int
    /// The number of bytes of a value.
    public var valueSize: Int

    /// Makes limits, by default 10,000 records and values of 1 MiB.
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
    public var patience: Duration { .seconds(600) }
}
