public import WAL
public import WALDelivery
internal import WALTasks

/// A sink that gets only the messages that steps send to it, and no other records of the log.
///
/// Give it to a storage as an additional sink:
///
/// ```swift
/// let mails = EmittedSink(SQLiteMails(path: "mails.db"), named: "mail")
/// let storage = try await BufferedTaskStorage.sqlite(
///     "tasks.db", log: "tasks.wal", additionalSinks: [AdditionalSink(mails)])
/// ```
///
/// Then each message that ``FlowStep/emit(_:to:)`` sends to the name `mail` reaches `SQLiteMails` exactly once, as a
/// record whose payload is the message. The messages of a task arrive in order.
public struct EmittedSink<Base: Sink>: Sink {
    /// The name to which steps send messages.
    public let name: String
    private let base: Base

    /// Makes a sink that passes messages to another sink.
    ///
    /// - Parameters:
    ///   - base: The other sink.
    ///   - name: The name to which steps send messages.
    public init(_ base: Base, named name: String) {
        self.base = base
        self.name = name
    }

    public var maxConcurrency: Int { base.maxConcurrency }

    public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try await base.claim(lanes, of: laneCount, log: log)
    }

    public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
        try await base.positions(of: lanes, log: log)
    }

    public func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        var emitted = batch
        emitted.records = batch.records.compactMap { record in
            message(of: record.payload).map { SinkRecord(sequence: record.sequence, time: record.time, payload: $0) }
        }
        return try await base.apply(emitted)
    }

    public func classify(_ error: any Error) -> SinkFailure { base.classify(error) }

    public func close() async { await base.close() }

    /// Returns the message of a record; nil if the record isn't a message for this sink.
    private func message(of payload: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let record = try? unsafe FlowRecord(payload.span.bytes)
        guard case .emit(_, _, _, name, let bytes)? = record?.event else { return nil }
        return bytes[...]
    }
}
