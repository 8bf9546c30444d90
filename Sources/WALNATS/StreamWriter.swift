#if NATS
    internal import WAL
    internal import WALDelivery

    /// The writer of streams. It knows the last message of each stream, and states that message's number with the next
    /// one.
    actor StreamWriter {
        /// The last message of a stream, with the limit of the stream.
        private struct Known {
            var lastMessage: UInt64
            var state: StreamState
            /// The largest body that the stream takes, in bytes.
            var maxMessageSize: Int
        }

        private let configuration: JetStreamSink.Configuration
        private let thread: SerialThread
        private let handle = StreamHandle()
        private var connection: StreamConnection?
        private var known: [LogID: Known] = [:]
        /// The number of each log's last message that a server lacked at the last look.
        private var missing: [LogID: UInt64] = [:]

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

        init(_ configuration: JetStreamSink.Configuration) throws(JetStreamError) {
            self.configuration = configuration
            do throws(WALError) {
                thread = try SerialThread("wal-nats")
            } catch {
                throw JetStreamError(.other, "No thread can be started: \(error)")
            }
        }

        // MARK: The sink

        func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) throws(JetStreamError) -> [SinkLane] {
            let connection: StreamConnection
            let stream: StreamInfo
            let before: Known
            do throws(JetStreamError) {
                connection = try connected()
                stream = try StreamChecks(configuration, log: log).stream(of: connection, isKnown: known[log] != nil)
                before = try last(of: log, in: stream, laneCount: laneCount, on: connection)
            } catch {
                throw error.storingNothing
            }
            let state = before.state.claimed(lanes)
            let position = before.state.lanes.map(\.position).max() ?? .zero
            let message = OutgoingMessage(
                subject: StreamNames.subject(of: log, .claim),
                headers: state.headers(.claim, of: log, after: position, to: position), body: [])
            let number: UInt64
            do throws(JetStreamError) {
                number = try connection.publish([message], in: stream.name, after: before.lastMessage)
            } catch {
                throw error.isOtherLastMessage ? error.storingNothing : error
            }
            known[log] = Known(lastMessage: number, state: state, maxMessageSize: before.maxMessageSize)
            return Array(state.lanes[lanes])
        }

        /// Returns lanes from the last message of the log's stream. Returns none without a stream. If the stream was
        /// deleted, the next claim throws an error.
        func positions(of lanes: Range<Int>, log: LogID) throws(JetStreamError) -> [SinkLane] {
            let connection = try connected()
            guard let info = try connection.info(of: StreamNames.stream(of: log, configuration)),
                let known = try last(of: log, in: info, on: connection)
            else { return [] }
            return known.state.lanes.filter { lanes.contains($0.index) && $0.epoch > 0 }
        }

        func apply(_ batch: SinkBatch) throws(JetStreamError) {
            let connection = try connected()
            guard let before = known[batch.log], before.state.lanes.count == batch.laneCount,
                before.state.has(batch.lanes)
            else {
                throw JetStreamError(
                    .fenced, "The lanes of the log \(batch.log) have other positions or epochs than the batch.")
            }
            let publication = try StreamPublication(
                batch, configuration,
                sizeMax: min(configuration.maxMessageSize, before.maxMessageSize, connection.maxBodySize()))
            do throws(JetStreamError) {
                try publish(batch, publication, after: before, on: connection)
            } catch {
                // The stream's limit may have been lowered since the claim. The flusher would try a single record
                // without end.
                guard error.code == .tooLarge, batch.records.count == 1 else { throw error }
                throw error.blamingRecord
            }
        }

        private func publish(
            _ batch: SinkBatch, _ publication: StreamPublication, after before: Known,
            on connection: StreamConnection
        ) throws(JetStreamError) {
            var before = before
            while true {
                let state = before.state.moved(batch.lanes, to: batch.position)
                do throws(JetStreamError) {
                    let number = try connection.publish(
                        publication.messages(from: before.state, to: state),
                        in: StreamNames.stream(of: batch.log, configuration), after: before.lastMessage)
                    known[batch.log] = Known(
                        lastMessage: number, state: state, maxMessageSize: before.maxMessageSize)
                    return
                } catch {
                    guard error.isOtherLastMessage else { throw error }
                    before = try others(of: batch, instead: before, on: connection)
                }
            }
        }

        /// Examines the message that came in between. If it left the batch's lanes unchanged, returns the state that
        /// the batch can follow.
        private func others(
            of batch: SinkBatch, instead before: Known, on connection: StreamConnection
        ) throws(JetStreamError) -> Known {
            let stream = try StreamChecks(configuration, log: batch.log).stream(of: connection, isKnown: true)
            let now = try last(of: batch.log, in: stream, laneCount: batch.laneCount, on: connection)
            if now.state.isClaimed(after: batch.lanes) {
                throw JetStreamError(.fenced, "Another owner has claimed lanes of the log \(batch.log).")
            }
            // A message of this sink whose answer was lost may have arrived late. Only a claim shows that.
            guard now.state.has(batch.lanes), now.lastMessage > before.lastMessage else {
                throw JetStreamError(
                    .indeterminate, "The stream \(stream.name) has a different last message than expected.")
            }
            known[batch.log] = now
            return now
        }

        private func last(
            of log: LogID, in stream: StreamInfo, laneCount: Int, on connection: StreamConnection
        ) throws(JetStreamError) -> Known {
            guard let known = try last(of: log, in: stream, on: connection) else {
                return Known(
                    lastMessage: 0, state: .new(laneCount: laneCount), maxMessageSize: stream.maxMessageSize)
            }
            guard known.state.lanes.count == laneCount else {
                throw JetStreamError(
                    .laneCountMismatch,
                    "The log \(log) has \(known.state.lanes.count) lanes in the stream \(stream.name), not \(laneCount). Use that number."
                )
            }
            return known
        }

        /// Reads the last message of a stream, which has the state of its lanes. Returns nil if the stream is new.
        private func last(
            of log: LogID, in stream: StreamInfo, on connection: StreamConnection
        ) throws(JetStreamError) -> Known? {
            guard stream.lastMessage > 0 else { return nil }
            guard let message = try connection.message(stream.lastMessage, of: stream.name) else {
                // A server that doesn't know yet that it no longer leads may lack the newest messages.
                guard missing.updateValue(stream.lastMessage, forKey: log) == stream.lastMessage else {
                    throw JetStreamError(
                        .away,
                        "A server doesn't have the last message of the stream \(stream.name), \(stream.lastMessage). Another one may lead it now: try again."
                    )
                }
                throw JetStreamError(
                    .foreignStream,
                    "The stream \(stream.name) has lost its last message, and with it the position. Name another stream, and fill it again."
                )
            }
            missing[log] = nil
            guard let text = message.headers[StreamState.Key.lanes], let state = StreamState(text) else {
                throw JetStreamError(
                    .foreignStream,
                    "The last message of the stream \(stream.name) belongs to no log. Name a stream that nothing else writes to."
                )
            }
            guard message.headers[StreamState.Key.log] == log.description else {
                throw JetStreamError(
                    .foreignStream,
                    "The stream \(stream.name) belongs to the log \(message.headers[StreamState.Key.log] ?? ""), not to \(log). Name another stream."
                )
            }
            return Known(lastMessage: stream.lastMessage, state: state, maxMessageSize: stream.maxMessageSize)
        }

        func health(of log: LogID) throws(JetStreamError) -> JetStreamHealth {
            let connection = try connected()
            let name = StreamNames.stream(of: log, configuration)
            guard let info = try connection.info(of: name) else {
                throw JetStreamError(.noStream, "There is no stream \(name).")
            }
            var health = info.health
            health.lanes = try last(of: log, in: info, on: connection)?.state.lanes ?? []
            return health
        }

        // MARK: The connection

        private func connected() throws(JetStreamError) -> StreamConnection {
            guard !handle.isClosed else { throw JetStreamError(.closed, "The sink was closed. Make a new one.") }
            if let connection, !connection.isClosed { return connection }
            let made = try StreamConnection(configuration)
            connection = made
            handle.hold(made)
            return made
        }

        /// Ends a call that waits for an answer. It can be called while another call runs.
        nonisolated func interrupt() {
            handle.close()
        }

        func close() {
            connection = nil
            known = [:]
        }
    }

    extension JetStreamError {
        /// Whether the stream's last message isn't the one that the batch expected.
        var isOtherLastMessage: Bool { [10071, 10164, 10063].contains(apiCode) }

        /// The error of a claim that has certainly stored nothing. Of claims whose outcome is unknown, the flusher counts
        /// each as one that may have raised the epochs, and that would hide another owner.
        fileprivate var storingNothing: JetStreamError {
            code == .indeterminate ? JetStreamError(.away, message, status: status, apiCode: apiCode) : self
        }
    }

    /// The names of a log's stream and its subjects.
    enum StreamNames {
        static func stream(of log: LogID, _ configuration: JetStreamSink.Configuration) -> String {
            configuration.stream ?? "wal-\(log)"
        }

        static func subject(of log: LogID, _ kind: StreamState.Kind) -> String { "wal.\(log).\(kind.rawValue)" }

        static func subjects(of log: LogID) -> String { "wal.\(log).>" }
    }
#endif
