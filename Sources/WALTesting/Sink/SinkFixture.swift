public import WAL
public import WALDelivery

/// A way to open and examine a sink, which ``SinkConformance`` needs to test the sink.
///
/// Each check uses its own keys, events and logs, so one destination can serve all of them.
public protocol SinkFixture: Sendable {
    /// The type of the tested sink.
    associatedtype Tested: Sink

    /// Opens the destination again, as another process would open it. The suite closes each sink once.
    ///
    /// - Returns: A new sink.
    /// - Throws: Any error, which fails the check.
    func makeSink() async throws -> Tested

    /// Encodes a change as the payload of a record.
    ///
    /// - Parameter change: The change.
    /// - Returns: The payload; nil if the sink doesn't support the change. Then the checks that need it are skipped.
    func payload(for change: SinkChange) throws -> [UInt8]?

    /// Returns the hash of a payload's key, as flushers into the sink use it.
    ///
    /// Changes with equal keys must have equal hashes, and no change may have the hash nil.
    ///
    /// - Parameter payload: The payload of a record.
    func key(of payload: RawSpan) -> UInt64?

    /// Returns the current contents of the destination, if possible without the use of the sink.
    func contents() async throws -> SinkContents

    /// Reads from the destination the records that the sink itself has set aside.
    ///
    /// - Parameter log: The log of the records.
    /// - Returns: The sequence numbers of these records; nil if the sink keeps none.
    func deadLetters(of log: LogID) async throws -> [SequenceNumber]?

    /// The largest batch that the sink must accept.
    var largestBatch: LargestBatch { get }

    /// Opens the destination through a proxy whose connections the suite may cut. The suite closes both.
    ///
    /// - Returns: The sink and the proxy; nil if there is no connection to cut.
    func makeSinkBehindProxy() async throws -> (sink: Tested, proxy: CuttingProxy)?

    /// Kills the destination's server and starts it again. The server must keep all acknowledged data.
    ///
    /// - Returns: Whether there is a server.
    func restartDestination() async throws -> Bool

    /// The longest time for which the suite waits for a delivery, or repeats a call whose failure may pass. The default
    /// is 10 minutes. A shorter time finds some faults sooner, but a slow destination may look faulty.
    var patience: Duration { get }
}

/// The size limits of a batch.
public struct LargestBatch: Hashable, Sendable {
    /// The number of records in a batch.
    public var recordCount: Int
    /// The number of bytes of a value.
    public var valueSize: Int

    /// Makes limits. By default they are 10,000 records and values of 1 MiB.
    ///
    /// - Parameters:
    ///   - recordCount: The number of records in a batch.
    ///   - valueSize: The number of bytes of a value.
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
