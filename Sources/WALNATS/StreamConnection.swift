#if NATS
    internal import CWALNATS
    internal import WAL
    internal import WALDelivery

    /// A connection to the servers. The client library reconnects by itself, to any of them.
    ///
    /// `@unchecked Sendable`: the pointers never change, and the library locks the objects that they point to.
    @safe
    final class StreamConnection: @unchecked Sendable {
        private let connection: OpaquePointer
        private let context: OpaquePointer
        private let timeout: Int64

        /// Connects to one of the servers.
        init(_ configuration: JetStreamSink.Configuration) throws(JetStreamError) {
            timeout = Int64(configuration.timeout / .milliseconds(1))
            let options = unsafe try Self.options(configuration)
            defer { unsafe natsOptions_Destroy(options) }
            var connection: OpaquePointer?
            let reached = unsafe natsConnection_Connect(&connection, options)
            guard reached == NATS_OK, let connection = unsafe connection else {
                let error = Self.error("No server can be reached", reached)
                // Any other end of an attempt, such as half a greeting, also means that nothing was stored.
                throw error.code == .unauthorized
                    ? error : JetStreamError(.away, error.message, status: error.status, apiCode: error.apiCode)
            }
            var jetStream = unsafe jsOptions()
            unsafe jsOptions_Init(&jetStream)
            unsafe jetStream.Wait = timeout
            var context: OpaquePointer?
            let status = unsafe natsConnection_JetStream(&context, connection, &jetStream)
            guard status == NATS_OK, let context = unsafe context else {
                unsafe natsConnection_Destroy(connection)
                throw Self.error("JetStream can't be used", status)
            }
            unsafe self.connection = connection
            unsafe self.context = context
        }

        deinit {
            unsafe jsCtx_Destroy(context)
            unsafe natsConnection_Destroy(connection)
        }

        var isClosed: Bool { unsafe natsConnection_IsClosed(connection) }

        /// Returns the largest body that the server takes, in bytes, with space left for the headers.
        ///
        /// While the library looks for a server, it may know no limit. A record that is too large becomes a dead
        /// letter, so only a server's limit counts.
        func maxBodySize() throws(JetStreamError) -> Int {
            try requireConnection()
            let size = Int(unsafe natsConnection_GetMaxPayload(connection))
            guard size > 0 else { throw Self.error("No server has named its largest message", NATS_NO_SERVER) }
            return max(1024, size - 4096)
        }

        /// Ends the connection. A call that waits for an answer on another thread returns.
        func close() { unsafe natsConnection_Close(connection) }

        // MARK: Streams

        /// Returns the state of a stream, or nil if there is none.
        func info(of stream: String) throws(JetStreamError) -> StreamInfo? {
            try requireConnection()
            var info: UnsafeMutablePointer<jsStreamInfo>?
            var code = jsErrCode(0)
            let status = unsafe js_GetStreamInfo(&info, context, stream, nil, &code)
            defer { unsafe jsStreamInfo_Destroy(info) }
            if code == JSStreamNotFoundErr || status == NATS_NOT_FOUND { return nil }
            try checkAnswer("The state of the stream \(stream) can't be read", "STREAM.INFO.\(stream)", status, code)
            return unsafe info.map { unsafe StreamInfo($0.pointee) }
        }

        /// Creates a stream.
        ///
        /// The request is text, because the client library doesn't know `allow_atomic`. A stream's name has no
        /// characters that JSON escapes.
        func create(
            _ stream: String, subjects: String, replicas: Int, maxBytes: Int?, isRolling: Bool,
            allowsAtomicBatches: Bool
        ) throws(JetStreamError) {
            let config = """
                {"name":"\(stream)","subjects":["\(subjects)"],"storage":"file","retention":"limits",\
                "discard":"\(isRolling ? "old" : "new")","num_replicas":\(replicas),"max_bytes":\(maxBytes ?? -1),\
                "max_age":0,"max_msgs":-1,"max_msg_size":-1,"deny_delete":true,"allow_direct":true\
                \(allowsAtomicBatches ? #","allow_atomic":true"# : "")}
                """
            let what = "The stream \(stream) can't be created"
            let reply = try request("STREAM.CREATE.\(stream)", config, what)
            guard let code = reply.errorCode else { return }
            throw JetStreamError(
                JetStreamError.Code(NATS_OK, jsErrCode(code)), "\(what): \(reply.errorText ?? "").", apiCode: Int(code))
        }

        /// Returns whether a stream takes atomic batches. Older servers don't have that option.
        func allowsAtomicBatches(_ stream: String) throws(JetStreamError) -> Bool {
            try request("STREAM.INFO.\(stream)", "", "The state of the stream \(stream) can't be read").has(
                "allow_atomic")
        }

        /// Sends a request to JetStream's API, and returns the answer.
        func request(_ subject: String, _ body: String, _ what: String) throws(JetStreamError) -> APIReply {
            try requireConnection()
            var reply: OpaquePointer?
            let status = unsafe natsConnection_RequestString(
                &reply, connection, "$JS.API.\(subject)", body, timeout)
            defer { unsafe natsMsg_Destroy(reply) }
            try checkAnswer(what, subject, status)
            return APIReply(text: unsafe natsMsg_GetData(reply).map { unsafe String(cString: $0) } ?? "")
        }

        // MARK: Messages

        /// Returns a message, or nil if the stream has none with that number. The stream's leader answers.
        func message(_ number: UInt64, of stream: String) throws(JetStreamError) -> StreamMessage? {
            unsafe try stored("The message \(number) of the stream \(stream) can't be read", stream) { message, code in
                unsafe js_GetMsg(&message, context, stream, number, nil, &code)
            }
        }

        /// Returns the last message with a subject, or nil if there is none. The stream's leader answers.
        func lastMessage(of subject: String, in stream: String) throws(JetStreamError) -> StreamMessage? {
            unsafe try stored("The last message \(subject) of the stream \(stream) can't be read", stream) {
                message, code in
                unsafe js_GetLastMsg(&message, context, stream, subject, nil, &code)
            }
        }

        private func stored(
            _ what: String, _ stream: String, _ get: (inout OpaquePointer?, inout jsErrCode) -> natsStatus
        ) throws(JetStreamError) -> StreamMessage? {
            var message: OpaquePointer?
            var code = jsErrCode(0)
            let status = unsafe get(&message, &code)
            defer { unsafe natsMsg_Destroy(message) }
            if code == JSNoMessageFoundErr || status == NATS_NOT_FOUND { return nil }
            try checkAnswer(what, "STREAM.MSG.GET.\(stream)", status, code)
            return unsafe message.map { unsafe StreamMessage($0, number: natsMsg_GetSequence($0)) }
        }

        /// Returns a subscription to the messages of a stream in order, beginning with a number.
        func subscribe(
            to subject: String, in stream: String, from number: UInt64
        ) throws(JetStreamError) -> StreamSubscription {
            try requireConnection()
            var subscription: OpaquePointer?
            var code = jsErrCode(0)
            let status = unsafe stream.withCString { stream in
                var options = unsafe jsSubOptions()
                unsafe jsSubOptions_Init(&options)
                unsafe options.Stream = stream
                unsafe options.Ordered = true
                unsafe options.Config.DeliverPolicy = js_DeliverByStartSequence
                unsafe options.Config.OptStartSeq = number
                return unsafe js_SubscribeSync(&subscription, context, subject, nil, &options, &code)
            }
            try checkAnswer(
                "The messages of the stream \(stream) can't be read", "CONSUMER.CREATE.\(stream)", status, code)
            guard let subscription = unsafe subscription else {
                throw Self.error("The messages of the stream \(stream) can't be read", NATS_NO_MEMORY)
            }
            return unsafe StreamSubscription(subscription)
        }

        /// Stores messages right after the one with the number `last`, all or none. Returns the number of the last
        /// stored message.
        func publish(
            _ messages: [OutgoingMessage], in stream: String, after last: UInt64
        ) throws(JetStreamError) -> UInt64 {
            try requireConnection()
            let batch = String(UInt64.random(in: 0 ... .max), radix: 16)
            for index in messages.indices {
                // A header states the number. The library's own option takes 0 for no expectation, but an empty stream
                // needs 0.
                var headers = [("Nats-Expected-Stream", stream)]
                if index == 0 { headers.append(("Nats-Expected-Last-Sequence", String(last))) }
                if messages.count > 1 {
                    headers += [("Nats-Batch-Id", batch), ("Nats-Batch-Sequence", String(index + 1))]
                }
                let isLast = index == messages.count - 1
                if messages.count > 1, isLast { headers.append(("Nats-Batch-Commit", "1")) }
                let message = unsafe try make(messages[index], adding: headers)
                defer { unsafe natsMsg_Destroy(message) }
                guard isLast else {
                    try Self.check(
                        "A message of the stream \(stream) can't be sent",
                        unsafe natsConnection_PublishMsg(connection, message))
                    continue
                }
                let number = unsafe try publish(message, on: messages[index].subject, in: stream)
                guard let number, number &- last == UInt64(messages.count) else {
                    throw JetStreamError(
                        .indeterminate,
                        "The server stored a message of the stream \(stream) at a different place than expected.")
                }
                return number
            }
            return last
        }

        private func make(
            _ message: OutgoingMessage, adding headers: [(String, String)]
        ) throws(JetStreamError) -> OpaquePointer? {
            var made: OpaquePointer?
            let status = unsafe message.body.withUnsafeBytes { bytes in
                unsafe natsMsg_Create(
                    &made, message.subject, nil, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(bytes.count))
            }
            try Self.check("A message can't be made", status)
            for (key, value) in message.headers + headers {
                let status = unsafe natsMsgHeader_Set(made, key, value)
                guard status == NATS_OK else {
                    unsafe natsMsg_Destroy(made)
                    throw Self.error("The header \(key) can't be set", status)
                }
            }
            return unsafe made
        }

        /// Stores a message, and returns the number that the server acknowledges.
        private func publish(
            _ message: OpaquePointer?, on subject: String, in stream: String
        ) throws(JetStreamError) -> UInt64? {
            var options = unsafe jsPubOptions()
            unsafe jsPubOptions_Init(&options)
            unsafe options.MaxWait = timeout
            var acknowledgement: UnsafeMutablePointer<jsPubAck>?
            var code = jsErrCode(0)
            let published = unsafe js_PublishMsg(&acknowledgement, context, message, &options, &code)
            defer { unsafe jsPubAck_Destroy(acknowledgement) }
            if published == NATS_TIMEOUT, let reason = refusal(of: subject) {
                throw JetStreamError(
                    .unauthorized, "A message of the stream \(stream) isn't stored: \(reason).",
                    status: Int(NATS_NOT_PERMITTED.rawValue))
            }
            do throws(JetStreamError) {
                try Self.check("A message of the stream \(stream) isn't acknowledged", published, code)
            } catch {
                // The library doesn't understand the answer, so the message may be stored.
                guard error.code == .other, error.apiCode == 0 else { throw error }
                throw JetStreamError(.indeterminate, error.message, status: error.status)
            }
            return unsafe acknowledgement?.pointee.Sequence
        }

        /// The server's last refusal of a permission, if it names this subject. For such a message, the server sends no
        /// other answer. The library keeps the refusal as the connection's last error, whatever messages follow.
        private func refusal(of subject: String) -> String? {
            var text: UnsafePointer<CChar>?
            guard unsafe natsConnection_GetLastError(connection, &text) == NATS_NOT_PERMITTED,
                let refusal = unsafe text.map({ unsafe String(cString: $0) }), refusal.contains(subject)
            else { return nil }
            return refusal
        }

        /// Checks the answer to a request of JetStream's API. If a permission is missing, no answer comes, and the
        /// error names the subject that isn't permitted: that of the request, or that of its answers.
        private func checkAnswer(
            _ what: String, _ subject: String, _ status: natsStatus, _ code: jsErrCode = jsErrCode(0)
        ) throws(JetStreamError) {
            if status == NATS_TIMEOUT, let reason = refusal(of: "$JS.API.\(subject)") ?? refusal(of: "_INBOX.") {
                throw JetStreamError(.unauthorized, "\(what): \(reason).", status: Int(NATS_NOT_PERMITTED.rawValue))
            }
            try Self.check(what, status, code)
        }

        private func requireConnection() throws(JetStreamError) {
            switch unsafe natsConnection_Status(connection) {
            case NATS_CONN_STATUS_CONNECTED: return
            case NATS_CONN_STATUS_CLOSED: throw Self.error("The connection is closed", NATS_CONNECTION_CLOSED)
            default: throw Self.error("No server can be reached", NATS_NO_SERVER)
            }
        }

        // MARK: Options

        private static func options(_ configuration: JetStreamSink.Configuration) throws(JetStreamError)
            -> OpaquePointer
        {
            var made: OpaquePointer?
            try check("The client library can't be used", unsafe natsOptions_Create(&made))
            guard let options = unsafe made else { throw error("The client library can't be used", NATS_NO_MEMORY) }
            do throws(JetStreamError) {
                unsafe try set(configuration, on: options)
                return unsafe options
            } catch {
                unsafe natsOptions_Destroy(options)
                throw error
            }
        }

        private static func set(_ configuration: JetStreamSink.Configuration, on options: OpaquePointer)
            throws(JetStreamError)
        {
            let list = unsafe withCStrings(configuration.servers) { servers in
                unsafe natsOptions_SetServers(
                    options, UnsafeMutablePointer(mutating: servers), Int32(configuration.servers.count))
            }
            try checkOption("The addresses \(configuration.servers) can't be used", list)
            for status in unsafe [
                natsOptions_SetName(options, "swift-wal \(configuration.name)"), natsOptions_SetTimeout(options, 2000),
                natsOptions_SetMaxReconnect(options, -1), natsOptions_SetReconnectWait(options, 100),
                natsOptions_SetReconnectJitter(options, 100, 1000), natsOptions_SetPingInterval(options, 2000),
                natsOptions_SetMaxPingsOut(options, 2), natsOptions_SetFailRequestsOnDisconnect(options, true),
                // Without a deadline, a frozen server with a full socket would block the thread until the server wakes.
                natsOptions_SetWriteDeadline(options, 5000),
            ] { try check("An option can't be set", status) }
            switch configuration.credentials {
            case .none: break
            case .token(let token): try check("The token can't be used", unsafe natsOptions_SetToken(options, token))
            case .user(let user, let password):
                try check("The user can't be used", unsafe natsOptions_SetUserInfo(options, user, password))
            case .file(let path):
                try checkOption(
                    "The credentials' file \(path) can't be used",
                    unsafe natsOptions_SetUserCredentialsFromFiles(options, path, nil))
            }
            guard let tls = configuration.tls else { return }
            try check("Encryption can't be used", unsafe natsOptions_SetSecure(options, true))
            if let trusted = tls.trusted {
                try checkOption(
                    "The certificates \(trusted) can't be used",
                    unsafe natsOptions_LoadCATrustedCertificates(options, trusted))
            }
            if let client = tls.client {
                try checkOption(
                    "The certificates \(client.certificates) or their key can't be used",
                    unsafe natsOptions_LoadCertificatesChain(options, client.certificates, client.key))
            }
        }

        // MARK: Errors

        static func check(
            _ what: String, _ status: natsStatus, _ code: jsErrCode = jsErrCode(0)
        ) throws(JetStreamError) {
            guard status == NATS_OK, code == jsErrCode(0) else { throw error(what, status, code) }
        }

        /// Throws `invalidOption` if the library doesn't take an option.
        private static func checkOption(_ what: String, _ status: natsStatus) throws(JetStreamError) {
            guard status == NATS_OK else {
                throw JetStreamError(.invalidOption, text(what, status), status: Int(status.rawValue))
            }
        }

        private static func error(
            _ what: String, _ status: natsStatus, _ code: jsErrCode = jsErrCode(0)
        ) -> JetStreamError {
            JetStreamError(
                JetStreamError.Code(status, code), text(what, status), status: Int(status.rawValue),
                apiCode: Int(code.rawValue))
        }

        private static func text(_ what: String, _ status: natsStatus) -> String {
            "\(what): \(unsafe natsStatus_GetText(status).map { unsafe String(cString: $0) } ?? "")."
        }
    }
    extension JetStreamError.Code {
        /// Makes the code from the numbers, never from the texts, which differ between versions of the server.
        init(_ status: natsStatus, _ code: jsErrCode) {
            switch code.rawValue {
            case 0: self = .init(status)
            // No leader, no quorum, a server that starts or is too busy, or too few servers for a new stream.
            // Nothing was stored.
            case 10005, 10008, 10009, 10118, 10167, 10194: self = .away
            // A server can't make a consumer, or store it.
            case 10012, 10104: self = .away
            // A failure of the servers' consensus, or of the stream. Only the last message shows the outcome.
            case 10041, 10051: self = .indeterminate
            // The server has given up an atomic batch.
            case 10176, 10210: self = .indeterminate
            // The last message isn't the expected one. The writer examines it.
            case 10063, 10071, 10164: self = .indeterminate
            // The stream, the account or the disk is full, or has as many consumers as it may have.
            case 10002, 10023, 10026, 10028, 10047, 10077, 10122: self = .full
            case 10054, 10097, 10199: self = .tooLarge
            case 10039, 10076, 10120: self = .unauthorized
            case 10059: self = .noStream
            case 10058, 10060, 10065: self = .foreignStream
            case 10109, 10174, 10177: self = .unsafeStream
            default: self = .other
            }
        }

        private init(_ status: natsStatus) {
            switch status {
            case NATS_NO_RESPONDERS, NATS_NO_SERVER, NATS_NOT_YET_CONNECTED, NATS_CONNECTION_CLOSED: self = .away
            // The connection broke during a large atomic batch. The library keeps only a part of it for the next
            // connection, and without its last message the server stores nothing of a batch.
            case NATS_INSUFFICIENT_BUFFER: self = .away
            case NATS_TIMEOUT, NATS_CONNECTION_DISCONNECTED, NATS_STALE_CONNECTION, NATS_IO_ERROR: self = .indeterminate
            // The library has dropped messages of a consumer, or ended it. Another consumer begins after the last
            // message that was read.
            case NATS_SLOW_CONSUMER, NATS_INVALID_SUBSCRIPTION: self = .indeterminate
            case NATS_MAX_PAYLOAD: self = .tooLarge
            case NATS_CONNECTION_AUTH_FAILED, NATS_NOT_PERMITTED, NATS_SSL_ERROR: self = .unauthorized
            default: self = .other
            }
        }
    }

    /// The connection of a writer, for the one call from another thread: ``close()``.
    final class StreamHandle: Sendable {
        private struct State {
            var connection: StreamConnection?
            var isClosed = false
        }

        private let state = Monitor(State())

        var isClosed: Bool { state.withLock(\.isClosed) }

        func hold(_ connection: StreamConnection) {
            let isClosed = state.withLock { state in
                state.connection = connection
                return state.isClosed
            }
            if isClosed { connection.close() }
        }

        func close() {
            let connection = state.withLock { state in
                defer { state = State(connection: nil, isClosed: true) }
                return state.connection
            }
            connection?.close()
        }
    }
#endif
