#if NATS
    internal import WAL
    internal import WALDelivery

    /// The reader of a stream, on a thread of its own. It reads in order from one message, and replaces a consumer that
    /// is stuck.
    actor StreamReader {
        /// The longest wait for a message. After it, the caller can stop.
        private static let waitMax = Duration.milliseconds(200)
        private static let messagesMax = 256
        private static let bodySizeMax = 4 << 20
        /// The time after which another server may answer in place of one that no longer leads.
        private static let leaderPause = Duration.milliseconds(500)

        private let configuration: JetStreamSink.Configuration
        private let stream: String
        private let subject: String
        private let stallTimeout: Duration
        private let thread: SerialThread
        private var connection: StreamConnection?
        private var subscription: StreamSubscription?
        /// The number of the message to read next.
        private var next: UInt64 = 1
        private var lastProgress = ContinuousClock.now
        /// The number of stuck consumers that were replaced since the last ``takeRenewals()``.
        private var renewalCount = 0

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

        init(
            _ configuration: JetStreamSink.Configuration, stream: String, subject: String, stallTimeout: Duration
        ) throws(JetStreamError) {
            self.configuration = configuration
            self.stream = stream
            self.subject = subject
            self.stallTimeout = stallTimeout
            do throws(WALError) {
                thread = try SerialThread("wal-follow")
            } catch {
                throw JetStreamError(.other, "No thread can be started: \(error)")
            }
        }

        /// Returns the log that the stream belongs to, by its last message.
        func log() async throws(JetStreamError) -> LogID {
            guard let head = try await lastHead() else {
                throw JetStreamError(
                    .noStream,
                    "The stream \(stream) has no messages, so its log isn't known. Follow it when it has some.")
            }
            return head.log
        }

        /// Returns the head of the stream's last message, or nil without messages.
        func lastHead() async throws(JetStreamError) -> StreamRules.Head? {
            guard let message = try await lastMessage() else { return nil }
            return try StreamRules.Head(message.headers, number: message.number, stream: stream)
        }

        /// Returns the stream's last message, or nil without messages.
        ///
        /// - Throws: ``JetStreamError`` with the code `foreignStream` if that message was removed.
        private func lastMessage() async throws(JetStreamError) -> StreamMessage? {
            var missing: UInt64?
            while true {
                let info = try info()
                guard info.lastMessage > 0 else { return nil }
                if let message = try connected().message(info.lastMessage, of: stream) { return message }
                // A limit may have removed the message because there is a newer one. The sink refuses a stream that has
                // lost its newest one, so no message will come.
                guard info.lastMessage != missing else {
                    throw JetStreamError(
                        .foreignStream,
                        "The stream \(stream) has lost its last message, \(info.lastMessage). Follow the stream that the sink writes now."
                    )
                }
                missing = info.lastMessage
                // A server that doesn't know yet that it no longer leads may lack the message, too.
                try? await Task.sleep(for: Self.leaderPause)
            }
        }

        /// Returns the epoch of the stream's last owner, or 0 without one.
        ///
        /// It is the higher epoch of the last message and the last claim. The last message can be a late one of an
        /// earlier owner, and a server can have lost a claim.
        ///
        /// - Throws: ``JetStreamError`` with the code `foreignStream` if the last message belongs to another log. A
        ///   consumer with the subjects of the source would deliver nothing.
        func lastEpoch(of source: LogID) async throws(JetStreamError) -> UInt64 {
            guard let last = try await lastHead() else { return 0 }
            try last.require(source, stream: stream)
            let subject = StreamNames.subject(of: source, .claim)
            guard let claim = try connected().lastMessage(of: subject, in: stream) else { return last.epoch }
            return max(last.epoch, try StreamRules.Head(claim.headers, number: claim.number, stream: stream).epoch)
        }

        /// Moves by halving to the first message whose position is above `position`. With nil, moves to the first
        /// message of the stream.
        func move(after position: UInt64?) throws(JetStreamError) {
            subscription = nil
            let info = try info()
            var (low, high) = (max(1, info.firstMessage), info.lastMessage + 1)
            while let position, low < high {
                let middle = low + (high - low) / 2
                let message = try connected().message(middle, of: stream)
                let isBefore = try message.map { message throws(JetStreamError) in
                    try StreamRules.Head(message.headers, number: middle, stream: stream).last <= position
                }
                // A message that was removed meanwhile had a lower position.
                if isBefore ?? true { low = middle + 1 } else { high = middle }
            }
            next = low
        }

        /// Returns the next messages. Waits at most ``waitMax`` for the first one, and returns none if it doesn't come.
        func messages() throws(JetStreamError) -> [StreamMessage] {
            let source: StreamSubscription
            if let subscription { source = subscription } else { source = try subscribe() }
            var messages: [StreamMessage] = []
            var size = 0
            var wait = Self.waitMax
            while messages.count < Self.messagesMax, size < Self.bodySizeMax,
                let message = try source.next(within: wait)
            {
                // A consumer that the library has replaced may begin with an earlier message.
                guard message.number >= next else { continue }
                next = message.number + 1
                size += message.body.count
                messages.append(message)
                wait = .milliseconds(1)
            }
            if !messages.isEmpty { lastProgress = .now }
            return messages
        }

        private func subscribe() throws(JetStreamError) -> StreamSubscription {
            let made = try connected().subscribe(to: subject, in: stream, from: next)
            subscription = made
            lastProgress = .now
            return made
        }

        /// Returns whether all messages were read. Asks the servers only if `askingAtOnce` is true, or if no message
        /// has come for `stallTimeout`. If the stream has more messages after that time, the next call makes another
        /// consumer, because a consumer on a hanging replica delivers nothing. Throws if the last message was removed,
        /// because no consumer delivers it.
        func isAtEnd(askingAtOnce: Bool) async throws(JetStreamError) -> Bool {
            guard askingAtOnce || ContinuousClock.now - lastProgress > stallTimeout else { return false }
            let info = try info()
            guard info.lastMessage + 1 >= next else {
                throw JetStreamError(
                    .indeterminate,
                    "The stream \(stream) has fewer messages than were read. It was restored from a copy.")
            }
            guard info.lastMessage >= next else {
                lastProgress = .now
                return true
            }
            if ContinuousClock.now - lastProgress > stallTimeout {
                _ = try await lastMessage()
                subscription = nil
                lastProgress = .now
                renewalCount += 1
            }
            return false
        }

        private func info() throws(JetStreamError) -> StreamInfo {
            guard let info = try connected().info(of: stream) else {
                throw JetStreamError(
                    .noStream, "There is no stream \(stream). Name a stream that a JetStreamSink writes.")
            }
            // The sink refuses this stream, too, so no message will come.
            guard !info.isPurged else {
                throw JetStreamError(
                    .foreignStream,
                    "The stream \(stream) was purged, up to its message \(info.lastMessage). Follow the stream that the sink writes now."
                )
            }
            return info
        }

        private func connected() throws(JetStreamError) -> StreamConnection {
            if let connection, !connection.isClosed { return connection }
            subscription = nil
            let made = try StreamConnection(configuration)
            connection = made
            return made
        }

        /// Returns the number of consumers that were replaced since the last call.
        func takeRenewals() -> Int {
            defer { renewalCount = 0 }
            return renewalCount
        }

        /// Ends the consumer. The next call makes another one.
        func reset() {
            subscription = nil
        }

        func close() {
            subscription = nil
            connection?.close()
            connection = nil
        }
    }
#endif
