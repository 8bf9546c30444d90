#if NATS
    package import WAL
    package import WALDelivery

    /// The records of a stream from its first message, for a new store.
    package struct StreamReplay: Sendable {
        private static let triesMax = 8

        /// The log that the stream belongs to.
        package let log: LogID
        private let stream: String
        private let reader: StreamReader
        private var rules: StreamRules
        private var isPlaced = false
        /// The error of the message after the last returned records.
        private var failure: JetStreamError?

        /// Connects, and reads the log's identifier from the stream's last message.
        ///
        /// - Parameter configuration: The servers, the credentials, and the name of the stream.
        /// - Throws: The errors of ``StreamFollower/source(of:)``.
        package init(_ configuration: JetStreamSink.Configuration) async throws(JetStreamError) {
            log = try await StreamFollower.source(of: configuration)
            stream = StreamNames.stream(of: log, configuration)
            reader = try StreamReader(
                configuration, stream: stream, subject: StreamNames.subjects(of: log), stallTimeout: .seconds(2))
            rules = Self.rules(of: log, stream, after: .zero)
        }

        private static func rules(of log: LogID, _ stream: String, after position: SequenceNumber) -> StreamRules {
            // Without the epoch of the store's last batch, a message of an earlier owner can't be recognized. So the
            // replay reads all messages.
            StreamRules(
                source: log, stream: stream, position: LogReplica.Position(sequence: position, epoch: 0),
                acceptsGaps: false)
        }

        /// Returns the next records after a position, or nil at the stream's end. The position must not decrease from
        /// one call to the next.
        ///
        /// If the stream is unavailable, it tries up to ``triesMax`` times.
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
                    // Return the records before that message first. The next call throws the error.
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
