#if NATS
    package import WAL
    package import WALDelivery

    /// The records of a stream from its first message on, for a new store.
    package struct StreamReplay: Sendable {
        private static let triesMax = 8

        /// The log that the stream belongs to.
        package let log: LogID
        private let stream: String
        private let reader: StreamReader
        private var rules: StreamRules
        private var isPlaced = false
        /// The reason why the message after the last records can't be taken.
        private var failure: JetStreamError?

        /// Connects, and reads the log's identifier from the stream's last message.
        ///
        /// - Parameter configuration: How to reach the servers, and the name of the stream.
        package init(_ configuration: JetStreamSink.Configuration) async throws(JetStreamError) {
            log = try await StreamFollower.source(of: configuration)
            stream = StreamNames.stream(of: log, configuration)
            reader = try StreamReader(
                configuration, stream: stream, subject: StreamNames.subjects(of: log), stallTimeout: .seconds(2))
            rules = Self.rules(of: log, stream, after: .zero)
        }

        private static func rules(of log: LogID, _ stream: String, after position: SequenceNumber) -> StreamRules {
            // Without the epoch that the store's last batch had, a message of an earlier owner can't be known. So all messages are read.
            StreamRules(
                source: log, stream: stream, position: LogReplica.Position(sequence: position, epoch: 0),
                acceptsGaps: false)
        }

        /// Returns the next records after a position, which doesn't fall. Returns nil at the stream's end. Tries again while the stream is away.
        ///
        /// - Throws: ``JetStreamError``, with the code `gap` if the stream lacks records.
        package mutating func next(after position: SequenceNumber) async throws(JetStreamError) -> [SinkRecord]? {
            var backoff = Backoff(generator: SystemRandomNumberGenerator())
            for attempt in 1... {
                do throws(JetStreamError) {
                    return try await read(after: position)
                } catch {
                    guard [.transient, .indeterminate].contains(error.failure), attempt < Self.triesMax else {
                        throw error
                    }
                    isPlaced = false
                    await reader.reset()
                    try? await Task.sleep(for: backoff.next())
                    if Task.isCancelled { throw error }
                }
            }
            return nil
        }

        private mutating func read(after position: SequenceNumber) async throws(JetStreamError) -> [SinkRecord]? {
            if !isPlaced {
                rules = Self.rules(of: log, stream, after: position)
                try await reader.move(after: nil)
                isPlaced = true
            }
            if let failure { throw failure }
            while true {
                let messages = try await reader.messages()
                if messages.isEmpty, try await reader.isAtEnd(askingAtOnce: true) { return nil }
                var records: [SinkRecord] = []
                do throws(JetStreamError) {
                    for message in messages { records += try rules.records(of: message) }
                } catch {
                    // The records before the message come first.
                    guard !records.isEmpty else { throw error }
                    failure = error
                }
                if !records.isEmpty { return records }
            }
        }

        /// Ends the connection.
        package func close() async {
            await reader.close()
        }
    }

    extension StreamRules {
        /// Decides about a message, and returns its new records.
        fileprivate mutating func records(of message: StreamMessage) throws(JetStreamError) -> [SinkRecord] {
            let head = try Head(message.headers, number: message.number, stream: stream)
            guard case .records(let position) = try decide(head) else { return [] }
            return try message.records().filter { $0.sequence.rawValue > position }
        }
    }
#endif
