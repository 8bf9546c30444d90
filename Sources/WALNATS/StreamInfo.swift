#if NATS
    internal import CWALNATS
    internal import WAL
    internal import WALDelivery

    /// The configuration and state of a stream, as the servers report them.
    struct StreamInfo {
        var name: String
        var subjects: [String]
        /// Whether only limits remove messages. Otherwise a message is removed after consumers have acknowledged it.
        var isKeptByLimits: Bool
        var replicas: Int
        var hasMaxAge: Bool
        var isMirror: Bool
        var isSealed: Bool
        var isInMemory: Bool
        var discardsOld: Bool
        /// Whether the number of messages for each subject is limited. At that limit, the server removes old messages,
        /// whether `discard` is `old` or `new`.
        var hasSubjectLimit: Bool
        var acknowledges: Bool
        /// Whether the number or the size of all messages is limited.
        var hasLimit: Bool
        /// The largest body of a message, in bytes, with space left for the headers.
        var maxMessageSize: Int
        var firstMessage: UInt64
        var lastMessage: UInt64
        var health: JetStreamHealth

        /// Whether all messages were removed.
        var isPurged: Bool { lastMessage > 0 && firstMessage > lastMessage }

        /// Reads an answer of the servers, which may have any numbers.
        init(_ info: jsStreamInfo) {
            let config = unsafe info.Config.pointee
            name = unsafe String(cString: config.Name)
            subjects = unsafe (0..<Int(config.SubjectsLen)).compactMap { index in
                unsafe config.Subjects[index].map { unsafe String(cString: $0) }
            }
            isKeptByLimits = unsafe config.Retention == js_LimitsPolicy
            replicas = max(1, Int(unsafe config.Replicas))
            hasMaxAge = unsafe config.MaxAge > 0
            isMirror = unsafe config.Mirror != nil || config.SourcesLen > 0
            isSealed = unsafe config.Sealed
            isInMemory = unsafe config.Storage == js_MemoryStorage
            discardsOld = unsafe config.Discard == js_DiscardOld
            hasSubjectLimit = unsafe config.MaxMsgsPerSubject > 0
            acknowledges = unsafe !config.NoAck
            hasLimit = unsafe config.MaxBytes > 0 || config.MaxMsgs > 0
            maxMessageSize = unsafe config.MaxMsgSize > 0 ? max(1024, Int(config.MaxMsgSize) - 4096) : .max
            firstMessage = unsafe info.State.FirstSeq
            lastMessage = min(unsafe info.State.LastSeq, .max - 1)
            health = unsafe JetStreamHealth(
                stream: name, leader: info.Cluster?.pointee.Leader.map { unsafe String(cString: $0) }, replicas: [],
                messageCount: Int(clamping: info.State.Msgs), byteCount: Int(clamping: info.State.Bytes),
                maxByteCount: config.MaxBytes > 0 ? Int(config.MaxBytes) : nil)
            guard let cluster = unsafe info.Cluster?.pointee else { return }
            for index in 0..<Int(unsafe cluster.ReplicasLen) {
                guard let peer = unsafe cluster.Replicas[index]?.pointee else { continue }
                health.replicas.append(
                    unsafe JetStreamHealth.Replica(
                        server: String(cString: peer.Name), isCurrent: peer.Current, lag: Int(clamping: peer.Lag)))
            }
        }
    }

    /// A stored message.
    struct StreamMessage {
        var number: UInt64
        /// The headers of this package that the message has.
        var headers: [String: String] = [:]
        var body: [UInt8]
        /// The number of messages after this one. Known only if a consumer has delivered the message.
        var following: Int?

        init(_ message: OpaquePointer, number: UInt64, following: Int? = nil) {
            self.number = min(number, .max - 1)
            self.following = following
            let size = Int(unsafe natsMsg_GetDataLength(message))
            body =
                unsafe natsMsg_GetData(message).map { data in
                    unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: size))
                } ?? []
            for key in StreamState.Key.all {
                var value: UnsafePointer<CChar>?
                guard unsafe natsMsgHeader_Get(message, key, &value) == NATS_OK, let value = unsafe value else {
                    continue
                }
                headers[key] = unsafe String(cString: value)
            }
        }

        /// Returns the records of a message that isn't a claim.
        ///
        /// - Throws: ``JetStreamError`` with the code `damaged`.
        func records() throws(JetStreamError) -> [SinkRecord] {
            guard let record = try singleRecord() else { return try StreamBody.decode(body) }
            return [SinkRecord(sequence: record.sequence, time: record.time, payload: body[...])]
        }

        /// Calls a closure with each record of a message that isn't a claim.
        ///
        /// - Throws: ``JetStreamError`` with the code `damaged`. Then the closure wasn't called.
        func forEachRecord(_ take: (SequenceNumber, Timestamp, RawSpan) -> Void) throws(JetStreamError) {
            guard let record = try singleRecord() else { return try StreamBody.forEachRecord(of: body, take) }
            unsafe take(record.sequence, record.time, body.span.bytes)
        }

        /// Returns the number and time of the record if the whole body is one record. Returns nil if the body is a
        /// batch.
        private func singleRecord() throws(JetStreamError) -> (sequence: SequenceNumber, time: Timestamp)? {
            guard headers[StreamState.Key.kind] == StreamState.Kind.record.rawValue else { return nil }
            guard let sequence = headers[StreamState.Key.sequence].flatMap(UInt64.init),
                let time = headers[StreamState.Key.time].flatMap(Int64.init)
            else {
                throw JetStreamError(
                    .damaged, "The message \(number) of the stream has no sequence number or time of its record.")
            }
            return (SequenceNumber(rawValue: sequence), Timestamp(rawValue: time))
        }
    }
#endif
