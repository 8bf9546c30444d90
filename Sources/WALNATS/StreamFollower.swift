#if NATS
    public import Logging
    public import Metrics
    public import ServiceLifecycle
    public import WAL
    internal import WALDelivery

    /// A service that keeps a replica of a log, from the log's stream on JetStream.
    ///
    /// Add it to a `ServiceGroup`, or call ``run()`` in a task. It appends to a `LogReplica`, whose position is in the
    /// same atomic append as the records. So a follower that was killed continues exactly after the last record that
    /// the replica has. It acknowledges nothing, and stores nothing on the servers.
    ///
    /// | The stream | The follower |
    /// | --- | --- |
    /// | has a message of an earlier owner, or one with known records | skips it |
    /// | lacks records | stops with ``JetStreamError/Code/gap``, or skips them: ``Configuration/acceptsGaps`` |
    /// | is unavailable | tries again with growing pauses and without limit |
    /// | has messages that its consumer doesn't deliver | makes another consumer |
    /// | is of another log, was purged, has lost its last message, or doesn't exist | stops |
    public final class StreamFollower: Service {
        /// The configuration of a follower.
        public struct Configuration: Sendable {
            /// The servers, the credentials, and the name of the stream. The options for writing have no effect.
            public var stream: JetStreamSink.Configuration
            /// Whether the follower skips records that the stream lacks. The replica then has a gap.
            public var acceptsGaps = false
            /// Whether the follower ends after it has read all messages.
            public var endsAtEnd = false
            /// The time without a message after which the follower replaces a consumer, if the stream has more
            /// messages: 100 milliseconds to an hour.
            public var stallTimeout = Duration.seconds(2)

            /// Makes a configuration.
            ///
            /// - Parameter stream: The servers, the credentials, and the name of the stream.
            public init(stream: JetStreamSink.Configuration) {
                self.stream = stream
            }

            /// Checks that all options can be used.
            ///
            /// - Throws: ``JetStreamError`` with the code `invalidOption` for the first option that can't be used.
            public func validate() throws(JetStreamError) {
                try stream.validate()
                guard stallTimeout >= .milliseconds(100), stallTimeout <= .seconds(3600) else {
                    throw JetStreamError(
                        .invalidOption, "stallTimeout must be 100 milliseconds to an hour, not \(stallTimeout).")
                }
            }
        }

        /// The counts of a follower since it was made, and its lag.
        public struct Statistics: Hashable, Sendable {
            /// The number of messages that were read, including claims.
            public var messages = 0
            /// The number of records that were appended to the replica.
            public var records = 0
            /// The number of messages that were skipped because they came late from an earlier owner.
            public var olderEpochs = 0
            /// The number of messages that were skipped because the replica has their records.
            public var known = 0
            /// The number of accepted gaps.
            public var gaps = 0
            /// The number of consumers that were replaced because they were stuck.
            public var renewals = 0
            /// The number of messages in the stream after the last one that was read.
            public var lag = 0
        }

        private struct State {
            var statistics = Statistics()
            var isStopping = false
        }

        private let replica: LogReplica
        private let configuration: Configuration
        private let stream: String
        private let reader: StreamReader
        private let logger: Logger?
        private let metrics: FollowerMetrics?
        private let state = Monitor(State())

        /// Makes a follower, which connects when it runs.
        ///
        /// - Parameters:
        ///   - replica: The replica. It must not be closed before ``run()`` has returned.
        ///   - configuration: The configuration. If the stream has no name, the follower reads the stream of the
        ///     replica's source.
        ///   - logger: The logger of the follower's messages. Nil for none.
        ///   - metrics: The backend of the follower's metrics, whose names are in `WALMetric`. Nil for none.
        /// - Throws: ``JetStreamError``:
        ///   - `invalidOption` if an option of the configuration can't be used
        ///   - `other` if no thread can be started
        public init(
            replica: LogReplica, configuration: Configuration, logger: Logger? = nil,
            metrics: (any MetricsFactory)? = nil
        ) throws(JetStreamError) {
            try configuration.validate()
            self.replica = replica
            self.configuration = configuration
            self.logger = logger
            self.metrics = metrics.map { FollowerMetrics(factory: $0, replica: replica.directory) }
            stream = StreamNames.stream(of: replica.source, configuration.stream)
            reader = try StreamReader(
                configuration.stream, stream: stream, subject: StreamNames.subjects(of: replica.source),
                stallTimeout: configuration.stallTimeout)
        }

        /// The counts since the follower was made, and its lag.
        public var statistics: Statistics { state.withLock(\.statistics) }

        /// Returns the log that a stream belongs to, for the first opening of a replica.
        ///
        /// - Parameter configuration: The servers, the credentials, and the name of the stream.
        /// - Returns: The identifier of the log.
        /// - Throws: ``JetStreamError``:
        ///   - `invalidOption` if the stream has no name, or an option of the configuration can't be used
        ///   - `noStream` if the stream doesn't exist or has no messages
        ///   - `foreignStream` if the stream was purged, or its last message was removed or belongs to no log
        ///   - any other code for an error of the connection or the servers
        public static func source(of configuration: JetStreamSink.Configuration) async throws(JetStreamError) -> LogID {
            try configuration.validate()
            guard let stream = configuration.stream else {
                throw JetStreamError(.invalidOption, "The stream must have a name, because its log isn't known yet.")
            }
            let reader = try StreamReader(configuration, stream: stream, subject: ">", stallTimeout: .seconds(2))
            do throws(JetStreamError) {
                let log = try await reader.log()
                await reader.close()
                return log
            } catch {
                await reader.close()
                throw error
            }
        }

        // MARK: Running

        /// Follows the stream until the task is canceled or a graceful shutdown begins, and then syncs the replica.
        ///
        /// With ``Configuration/endsAtEnd``, it also returns after it has read all messages.
        ///
        /// - Throws:
        ///   - ``JetStreamError`` if the stream can't be followed anymore
        ///   - `WALError` if the replica takes no records, or can't be synced
        public func run() async throws {
            // An earlier run may have been canceled.
            state.withLock { $0.isStopping = false }
            defer { metrics?.report(isConnected: false) }
            do {
                try await withTaskCancellationOrGracefulShutdownHandler {
                    try await follow()
                } onCancelOrGracefulShutdown: {
                    self.state.withLock { $0.isStopping = true }
                }
            } catch {
                await reader.close()
                throw error
            }
            await reader.close()
            let replica = replica
            // The sync of a canceled task would end at once.
            try await Task { try await replica.sync() }.value
        }

        private var isStopping: Bool { state.withLock(\.isStopping) }

        private func follow() async throws {
            var backoff = Backoff(generator: SystemRandomNumberGenerator())
            var isAway = false
            var gapPosition: LogReplica.Position?
            while !isStopping {
                let position = replica.position
                do {
                    try await followUntilFailure(from: position, startsAtFirst: gapPosition == position) {
                        if isAway { logger?.notice("follows the stream again", metadata: metadata) }
                        isAway = false
                        metrics?.report(isConnected: true)
                        backoff.reset()
                    }
                    return
                } catch let error as JetStreamError where error.code == .gap && gapPosition != replica.position {
                    // Messages of earlier owners aren't in order, so halving may have found a place after the right
                    // one. In a stream that has taken another one's place, the kept epoch may be wrong.
                    gapPosition = replica.position
                } catch {
                    guard Self.isTransient(error) else { throw error }
                    if !isAway {
                        logger?.warning(
                            "can't follow the stream; tries again",
                            metadata: metadata.merging(["wal.error": "\(error)"]) { $1 })
                    }
                    isAway = true
                    metrics?.report(isConnected: false)
                    await reader.reset()
                    await pause(backoff.next())
                }
            }
        }

        private func pause(_ duration: Duration) async {
            let end = ContinuousClock.now + duration
            while !isStopping, ContinuousClock.now < end {
                try? await Task.sleep(for: min(.milliseconds(100), end - .now))
            }
        }

        private var metadata: Logger.Metadata {
            [
                "wal.directory": "\(replica.directory)", "wal.stream": "\(stream)",
                "wal.last": "\(replica.position.sequence)",
            ]
        }

        /// Returns whether the same call can succeed later.
        package static func isTransient(_ error: any Error) -> Bool {
            switch error {
            case let error as JetStreamError: [.transient, .indeterminate].contains(error.failure)
            case let error as WALError: error.isRetriable
            default: false
            }
        }

        /// Follows the stream from the replica's position. Calls `progressed` after each append, and when the servers
        /// report that there are no more messages.
        private func followUntilFailure(
            from position: LogReplica.Position, startsAtFirst: Bool, progressed: () -> Void
        ) async throws {
            // Halving can lead to a place after the messages that fill a gap. So only a reading from the first message
            // accepts gaps.
            var rules = StreamRules(
                source: replica.source, stream: stream, position: position,
                lastEpoch: startsAtFirst ? 0 : try await reader.lastEpoch(of: replica.source),
                acceptsGaps: configuration.acceptsGaps && startsAtFirst)
            try await reader.move(after: startsAtFirst ? nil : position.sequence.rawValue)
            while !isStopping {
                let messages = try await reader.messages()
                if !messages.isEmpty {
                    try await append(messages, &rules)
                    progressed()
                    continue
                }
                let isAtEnd = try await reader.isAtEnd(askingAtOnce: configuration.endsAtEnd)
                if isAtEnd, !startsAtFirst, rules.lacksLateRecords {
                    throw JetStreamError(.gap, "The stream \(stream) has records only in messages that look late.")
                }
                // The servers have answered, even if there is nothing new.
                if isAtEnd { progressed() }
                var read = Statistics()
                read.renewals = await reader.takeRenewals()
                count(read, lag: isAtEnd ? 0 : nil)
                if configuration.endsAtEnd, isAtEnd { return }
            }
        }

        /// The records of some messages, and the position after them.
        private struct Portion: Sendable {
            var batch = LogReplica.Batch()
            var position: LogReplica.Position
            var read = Statistics()
            /// The number of messages in the stream after the last one of the portion.
            var lag: Int?
        }

        /// The size in bytes at which a portion is complete: enough for a frame, and small enough to stay in the
        /// processor's cache.
        private static let portionSize = 1 << 20

        /// Appends the records of messages, and decodes the next ones meanwhile. If a message can't be taken, appends
        /// the records before it, and throws.
        private func append(_ messages: [StreamMessage], _ rules: inout StreamRules) async throws {
            var rest = messages[...]
            var failure: JetStreamError?
            var ready: Portion?
            repeat {
                let portion = ready
                async let written: Void = write(portion)
                ready = rest.isEmpty || failure != nil ? nil : Self.takePortion(&rest, &rules, &failure)
                try await written
            } while ready != nil
            if let failure { throw failure }
        }

        private func write(_ portion: Portion?) async throws(WALError) {
            guard let portion else { return }
            if portion.position != replica.position { try await replica.append(portion.batch, to: portion.position) }
            count(portion.read, lag: portion.lag)
        }

        private static func takePortion(
            _ rest: inout ArraySlice<StreamMessage>, _ rules: inout StreamRules, _ failure: inout JetStreamError?
        ) -> Portion {
            var portion = Portion(position: rules.position)
            var size = 0
            do throws(JetStreamError) {
                while size < portionSize, let message = rest.popFirst() {
                    size += try add(message, to: &portion, &rules)
                }
            } catch {
                failure = error
            }
            portion.position = rules.position
            portion.read.records = portion.batch.count
            return portion
        }

        /// Adds counts. A nil lag keeps the last one.
        private func count(_ read: Statistics, lag: Int?) {
            state.withLock { state in
                state.statistics.add(read)
                if let lag { state.statistics.lag = lag }
            }
            metrics?.count(read)
            if let lag { metrics?.report(lag: lag) }
        }

        /// Adds the records of a message to a portion, and returns their size.
        private static func add(
            _ message: StreamMessage, to portion: inout Portion, _ rules: inout StreamRules
        ) throws(JetStreamError) -> Int {
            let head = try StreamRules.Head(message.headers, number: message.number, stream: rules.stream)
            var next = rules
            var size = 0
            let decision = try next.decide(head)
            if case .records(let position) = decision {
                try message.forEachRecord { sequence, time, payload in
                    guard sequence.rawValue > position else { return }
                    portion.batch.append(payload, sequence: sequence, time: time)
                    size += payload.byteCount
                }
            }
            if next.gapCount > rules.gapCount { portion.read.gaps += 1 }
            rules = next
            portion.read.messages += 1
            portion.lag = message.following
            switch decision {
            case .olderEpoch: portion.read.olderEpochs += 1
            case .known: portion.read.known += 1
            case .claim, .records: break
            }
            return size
        }
    }

    extension StreamFollower.Statistics {
        fileprivate mutating func add(_ other: Self) {
            messages += other.messages
            records += other.records
            olderEpochs += other.olderEpochs
            known += other.known
            gaps += other.gaps
            renewals += other.renewals
        }
    }
#endif
