#if NATS
    internal import WAL
    internal import WALDelivery

    /// The one reader of a stream, on a thread of its own. It reads from a place on, and makes another consumer if one is stuck.
    actor StreamReader {
        /// The longest wait for a message, after which the caller can stop.
        private static let waitMax = Duration.milliseconds(200)
        private static let messagesMax = 256
        private static let bodySizeMax = 4 << 20

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
        /// The number of consumers that were stuck and replaced, and not taken yet.
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
        func log() throws(JetStreamError) -> LogID {
            guard let head = try lastHead() else {
                throw JetStreamError(
                    .noStream,
                    "The stream \(stream) has no messages, so its log isn't known. Follow it when it has some.")
            }
            return head.log
        }

        /// Returns what the stream's last message says of itself; nil if there are no messages.
        func lastHead() throws(JetStreamError) -> StreamRules.Head? {
            let info = try info()
            guard info.lastMessage > 0, let message = try connected().message(info.lastMessage, of: stream) else {
                return nil
            }
            return try StreamRules.Head(message.headers, number: message.number, stream: stream)
        }

        /// Returns the epoch of the stream's last owner; 0 without one.
        ///
        /// The last message can be a late one of an earlier owner, and a server can have lost a claim.
        func lastEpoch(of source: LogID) throws(JetStreamError) -> UInt64 {
            let last = try lastHead()?.epoch ?? 0
            let subject = StreamNames.subject(of: source, .claim)
            guard let claim = try connected().lastMessage(of: subject, in: stream) else { return last }
            return max(last, try StreamRules.Head(claim.headers, number: claim.number, stream: stream).epoch)
        }

        /// Moves to the first message whose position is above this one, by halving; or to the first message of all.
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
                // A message that is gone by now had an older position.
                if isBefore ?? true { low = middle + 1 } else { high = middle }
            }
            next = low
        }

        /// Returns the next messages. Waits for the first one for a while; returns none if it doesn't come.
        func messages() throws(JetStreamError) -> [StreamMessage] {
            let source: StreamSubscription
            if let subscription { source = subscription } else { source = try subscribe() }
            var messages: [StreamMessage] = []
            var size = 0
            var wait = Self.waitMax
            while messages.count < Self.messagesMax, size < Self.bodySizeMax,
                let message = try source.next(within: wait)
            {
                // A consumer that the library has replaced may begin earlier.
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

        /// Returns whether all messages are read. Asks the servers at once, or if no message has come for a while. If there are more messages
        /// then, the next call makes another consumer: a consumer on a replica that hangs gives nothing.
        func isAtEnd(askingAtOnce: Bool) throws(JetStreamError) -> Bool {
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
            // Its sink refuses it as well, so nothing will come.
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

        /// Returns the number of replaced consumers since the last call.
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
