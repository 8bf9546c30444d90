package import Logging
package import Metrics
public import WAL
public import WALDelivery

/// A sink that gets a task buffer's log, too, such as a replicated stream.
///
/// The sink gets every record of the log as it is, exactly once. A record is an encoded ``TaskMutation``, or a record of a flow. A sink with
/// a `maxConcurrency` of one gets the records in the order of the log; another one gets them in order per task.
public struct AdditionalSink: Sendable {
    /// The destination of the records.
    public var sink: any Sink
    /// Whether the log keeps the records that this sink is missing. If it is `required`, draining and closing wait for the sink, too.
    public var attachment: SinkAttachment
    /// The first record to deliver to a sink that is new to this log. Nil begins with the first record ever appended, which must still
    /// exist.
    public var startSequence: SequenceNumber?

    /// Makes an additional sink.
    public init(_ sink: any Sink, attachment: SinkAttachment = .required, startSequence: SequenceNumber? = nil) {
        self.sink = sink
        self.attachment = attachment
        self.startSequence = startSequence
    }

    package var isRequired: Bool { attachment == .required }

    /// Makes the flusher of this sink. From then on the log keeps the records that the sink is missing.
    package func flusher(
        of log: WriteAheadLog, drainTimeout: Duration, logger: Logger?, metrics: (any MetricsFactory)? = nil
    ) -> any AnyFlusher {
        func make(_ sink: some Sink) -> any AnyFlusher {
            // A sink that applies one batch at a time gains nothing from keys, and needs no barriers.
            let isSerial = sink.maxConcurrency == 1
            return Flusher(
                log: log, sink: sink,
                configuration: .init(drainTimeout: drainTimeout, attachment: attachment, startSequence: startSequence),
                logger: logger, metrics: metrics, key: { isSerial ? 0 : TaskCodec.key(of: $0) })
        }
        return make(sink)
    }
}

/// The state of an additional sink of a ``BufferedTaskStorage`` at one moment.
public struct AdditionalSinkHealth: Sendable {
    /// The name of the sink.
    public var name: String
    /// Whether the log keeps every record until the sink has it.
    public var isRequired: Bool
    /// Whether the sink answers, and its lag.
    public var delivery: FlusherHealth
}

extension BufferLife.Delivery {
    var health: AdditionalSinkHealth {
        AdditionalSinkHealth(name: name, isRequired: isRequired, delivery: flusher.health)
    }
}
