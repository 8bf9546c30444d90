#if Monitor
    internal import HTTPTypes
    internal import HummingbirdCore
    public import Logging
    internal import NIOCore
    internal import NIOPosix
    public import ServiceLifecycle
    public import WALMonitor

    /// A small HTTP/1.1 server for the live page of a log.
    ///
    /// It limits the sizes of headers and bodies, the times for a body and a response, and the number of connections.
    /// It writes events no faster than the client reads them.
    public struct MonitorServer: Service {
        /// The addresses and the port of a server.
        public struct Configuration: Sendable {
            /// The addresses to listen on. Other machines can't reach the default addresses. The server skips an
            /// address on which it can't listen, unless it is the first one.
            public var addresses = ["127.0.0.1", "::1"]
            /// The port; 0 lets the system choose one.
            public var port = 7077

            /// Makes a configuration with the default values.
            public init() {}
        }

        private let monitor: LogMonitor
        private let configuration: Configuration
        private let logger: Logger
        private let onListening: @Sendable (_ port: Int) -> Void

        private static let connectionsMax = 128
        private static let headersMax = 32 << 10
        /// The time that a client has for a body. Without this limit, slow clients could hold all connections, because
        /// an idle timeout begins again at each byte.
        private static let bodyTimeMax = TimeAmount.seconds(10)
        /// The time that a client has to read a response, or a piece of events. The idle timeout has no effect while
        /// the server writes.
        private static let responseTimeMax = TimeAmount.seconds(30)

        /// Makes a server.
        ///
        /// - Parameters:
        ///   - monitor: The live page.
        ///   - configuration: The addresses and the port.
        ///   - logger: The logger for addresses on which the server can't listen.
        ///   - onListening: Called once, with the port, after the server has begun to accept connections.
        public init(
            _ monitor: LogMonitor, configuration: Configuration = Configuration(), logger: Logger,
            onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
        ) {
            self.monitor = monitor
            self.configuration = configuration
            self.logger = logger
            self.onListening = onListening
        }

        /// Serves the page until the task is canceled or the service group shuts down.
        ///
        /// A graceful shutdown ends the event streams of the clients and lets other requests end.
        ///
        /// - Throws: The system's error, if the server can't listen on the first address.
        public func run() async throws {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup { group in
                    var port = configuration.port
                    for (index, address) in configuration.addresses.enumerated() {
                        do {
                            port = try await start(address, port, in: &group)
                        } catch {
                            // Clients get the first address, and send the token there. Another program may have it.
                            guard index > 0 else { throw error }
                            logger.warning(
                                "the page isn't served on an address",
                                metadata: ["address": "\(address)", "error": "\(error)"])
                        }
                    }
                    onListening(port)
                    try await group.waitForAll()
                }
            } onGracefulShutdown: { [monitor] in
                monitor.stop()
            }
        }

        /// Starts to listen on an address. Returns the port.
        private func start(
            _ address: String, _ port: Int, in group: inout ThrowingTaskGroup<Void, any Error>
        ) async throws -> Int {
            let (started, start) = AsyncThrowingStream.makeStream(of: Int.self)
            let limits = HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: Self.headersMax, maxHeaderListSize: Self.headersMax, maxHeaderFieldCount: 100)
            var quiet = logger
            quiet.logLevel = .error
            let server = Server(
                childChannelSetup: HTTP1Channel(
                    responder: { [monitor] request, writer, channel in
                        try await Self.respond(monitor, request, writer, channel)
                    },
                    configuration: .init(idleTimeout: .seconds(60), httpDecoderConfiguration: limits)),
                configuration: ServerConfiguration(
                    address: .hostname(address, port: port),
                    availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionsMax)),
                onServerRunning: { channel in
                    start.yield(channel.localAddress?.port ?? port)
                    start.finish()
                },
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
            group.addTask {
                do {
                    try await server.run()
                    start.finish()
                } catch {
                    // If the server isn't listening yet, `start(_:_:in:)` throws this error.
                    start.finish(throwing: error)
                }
            }
            for try await port in started { return port }
            throw CancellationError()
        }

        @concurrent
        private static func respond(
            _ monitor: LogMonitor, _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
        ) async throws {
            guard let body = try await Self.body(of: request, channel) else {
                // The rest of the body stays unread, so the connection can't be used again.
                let head = HTTPResponse(
                    status: .contentTooLarge, headerFields: [.connection: "close", .contentLength: "0"])
                try await writer.writeResponse(head)
                throw CancellationError()
            }
            var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
            if let authority = request.head.authority { headers.append(("Host", authority)) }
            let response = await monitor.respond(
                to: MonitorRequest(
                    method: request.method.rawValue, target: request.uri.string, headers: headers, body: body))
            var fields = HTTPFields()
            for header in response.headers {
                guard let name = HTTPField.Name(header.name) else { continue }
                fields.append(HTTPField(name: name, value: header.value))
            }
            let status = HTTPResponse.Status(code: response.status)
            switch response.body {
            case .bytes(let bytes):
                fields[.contentLength] = "\(bytes.count)"
                let head = HTTPResponse(status: status, headerFields: fields)
                let due = Self.close(channel, in: responseTimeMax)
                defer { due.cancel() }
                guard request.method != .head else { return try await writer.writeResponse(head) }
                try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            case .events(let events):
                var body = try await writer.writeHead(HTTPResponse(status: status, headerFields: fields))
                for await text in events {
                    let due = Self.close(channel, in: responseTimeMax)
                    defer { due.cancel() }
                    try await body.write(ByteBuffer(bytes: text))
                }
                let due = Self.close(channel, in: responseTimeMax)
                defer { due.cancel() }
                try await body.finish(nil)
            }
        }

        /// Returns the body of a request; nil if it is too long. Closes the connection if the body takes too long.
        @concurrent
        private static func body(of request: Request, _ channel: any Channel) async throws -> [UInt8]? {
            let due = Self.close(channel, in: bodyTimeMax)
            defer { due.cancel() }
            var body: [UInt8] = []
            for try await buffer in request.body {
                body += buffer.readableBytesView
                guard body.count <= MonitorRequest.bodySizeMax else { return nil }
            }
            return body
        }

        /// Closes a connection after a time, unless the returned task is canceled before.
        private static func close(_ channel: any Channel, in time: TimeAmount) -> Scheduled<Void> {
            channel.eventLoop.scheduleTask(in: time) { channel.close(mode: .all, promise: nil) }
        }
    }
#endif
