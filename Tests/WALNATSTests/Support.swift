#if NATS
    import CWALNATS
    import Foundation
    import Testing
    import WAL
    import WALDelivery

    @testable import WALNATS

    extension Trait where Self == ConditionTrait {
        /// Skips tests that need a server if there is none.
        static var needsServer: Self {
            .enabled("nats-server isn't installed: Scripts/install-dependencies --servers") { Servers.areThere }
        }

        /// Skips tests that need a newer server than a distribution may have.
        static var needsCurrentServer: Self {
            .enabled("there is no current nats-server: Scripts/current-nats .build/nats") { Servers.currentIsThere }
        }
    }

    /// Servers of the tests, which `Scripts/private-nats` starts: one, or a cluster of three.
    final class Servers: Sendable {
        let addresses: [String]
        let directory: String

        /// One server for all tests that don't harm it.
        static let shared: Servers? = {
            atexit { Servers.shared?.remove() }
            return try? Servers()
        }()

        /// Whether tests have servers. With `REQUIRE_SERVERS=1`, they run without any, and fail.
        static var areThere: Bool {
            shared != nil || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        /// The current server that `Scripts/current-nats .build/nats` has fetched.
        private static let current =
            root.appending(path: ".build/nats/nats-server").path()

        static let currentShared: Servers? = {
            atexit { Servers.currentShared?.remove() }
            return try? Servers(isCurrent: true)
        }()

        static var currentIsThere: Bool {
            access(current, X_OK) == 0 || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        private let environment: String

        init(nodes: Int = 1, isCurrent: Bool = false, configuration: String = "", jetStream: String = "") throws {
            directory = NSTemporaryDirectory() + "wnats-" + UUID().uuidString.prefix(8)
            environment = isCurrent ? "NATS_SERVER=\(Self.current) " : ""
            let output = try Self.shell(
                "\(environment)NATS_CONFIG='\(configuration)' NATS_JETSTREAM='\(jetStream)' \(Self.program) start \(directory) \(nodes)"
            )
            addresses = output.split(separator: ",").map(String.init)
            // The servers don't outlive this process, whatever ends the process.
            _ = try Self.shell(
                """
                (while kill -0 \(getpid()) && ! grep -q ' Z ' /proc/\(getpid())/stat && [ -d \(directory) ]; do sleep 1; done 2>/dev/null
                \(Self.program) stop \(directory); rm -rf \(directory)) </dev/null >/dev/null 2>&1 &
                """)
        }

        /// Starts a server with a user who may publish to all subjects except those that begin with `denied`.
        convenience init(denying denied: String) throws {
            try self.init(
                configuration:
                    "authorization { users: [ { user: a, password: b, permissions: { publish: { deny: \"\(denied)>\" } } } ] }"
            )
        }

        /// The configuration of the user of ``init(denying:)``.
        var configurationOfUser: JetStreamSink.Configuration {
            var configuration = configuration
            configuration.credentials = .user("a", password: "b")
            configuration.timeout = .seconds(4)
            return configuration
        }

        deinit {
            remove()
        }

        func remove() {
            _ = try? script("stop")
            try? FileManager.default.removeItem(atPath: directory)
        }

        func signal(_ node: Int, _ name: String) throws { _ = try script("signal", "\(node) \(name)") }
        func restart(_ nodes: Int...) throws { try restart(nodes) }
        func restart(_ nodes: [Int]) throws {
            _ = try script("restart", nodes.map(String.init).joined(separator: " "))
        }
        func leader(of stream: String) throws -> Int { Int(try script("leader", stream)) ?? 0 }

        /// The port of a single server.
        var port: UInt16 { UInt16(addresses[0].split(separator: ":").last ?? "") ?? 0 }

        /// A configuration for a stream with as many copies as there are nodes.
        var configuration: JetStreamSink.Configuration {
            var configuration = JetStreamSink.Configuration(servers: addresses)
            configuration.replicas = addresses.count
            // A busy server answers late.
            configuration.timeout = .seconds(60)
            return configuration
        }

        /// The output of FORMAT.md's example for a stream.
        static func example(of servers: Servers, stream: String) throws -> String {
            let program = root.appending(path: "Examples/jetstream-reader.py").path()
            return try shell("python3 '\(program)' 127.0.0.1:\(servers.port) \(stream)")
        }

        // MARK: The script

        struct Failure: Error {
            var command: String
            var status: Int32
        }

        private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        private static let program = root.appending(path: "Scripts/private-nats").path()

        private func script(_ verb: String, _ arguments: String = "") throws -> String {
            try Self.shell("\(environment)\(Self.program) \(verb) \(directory) \(arguments)")
        }

        /// Doesn't use Foundation's `Process`, which waits until every descendant has ended, including the servers.
        static func shell(_ command: String) throws -> String {
            let output = NSTemporaryDirectory() + "wnats-output-" + UUID().uuidString
            defer { unlink(output) }
            let status = system("{ \(command)\n} >\(output)")
            guard status == 0 else { throw Failure(command: command, status: status) }
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// All messages of a stream, read one at a time.
    struct StreamReading {
        var messages: [StreamMessage] = []

        init(of log: LogID, _ configuration: JetStreamSink.Configuration) throws {
            let connection = try StreamConnection(configuration)
            let name = StreamNames.stream(of: log, configuration)
            let found = try Self.retrying { try connection.info(of: name) }
            guard let info = found, info.lastMessage > 0 else { return }
            for number in info.firstMessage...info.lastMessage {
                let message = try Self.retrying { try connection.message(number, of: name) }
                if let message { messages.append(message) }
            }
        }

        /// Retries for five minutes, because a server without a leader, or with a new one, refuses requests.
        private static func retrying<Value>(_ read: () throws -> Value) throws -> Value {
            let end = ContinuousClock.now + .seconds(300)
            while true {
                do {
                    return try read()
                } catch {
                    guard StreamFollower.isTransient(error), .now < end else { throw error }
                    usleep(100_000)
                }
            }
        }

        /// The records in the order of the stream.
        var records: [SinkRecord] {
            get throws {
                try messages.filter { $0.headers["Wal-Kind"] != "claim" }.flatMap { try $0.records() }
            }
        }
    }

    /// Sends a request to JetStream's API, and returns the answer. Retries for two minutes, because a busy server may answer late.
    func request(_ subject: String, _ text: String, to address: String) throws -> String {
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let (status, answer) = requestOnce(subject, text, to: address)
            if status == NATS_OK { return answer }
            try #require(.now < end, "\(String(cString: natsStatus_GetText(status)))")
            usleep(100_000)
        }
    }

    private func requestOnce(_ subject: String, _ text: String, to address: String) -> (
        status: natsStatus, answer: String
    ) {
        var connection: OpaquePointer?
        let connected = natsConnection_ConnectTo(&connection, address)
        guard connected == NATS_OK else { return (connected, "") }
        defer { natsConnection_Destroy(connection) }
        var reply: OpaquePointer?
        let status = natsConnection_RequestString(&reply, connection, "$JS.API." + subject, text, 5000)
        defer { natsMsg_Destroy(reply) }
        return (status, natsMsg_GetData(reply).map { String(cString: $0) } ?? "")
    }

    /// Claims the only lane of a log. Retries for five minutes, because a server that is busy or starts may not answer in time.
    func claimLane(of log: LogID, by sink: JetStreamSink) async throws -> [SinkLane] {
        let end = ContinuousClock.now + .seconds(300)
        while true {
            do {
                return try await sink.claim(0..<1, of: 1, log: log)
            } catch  where .now < end {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    func batch(
        _ payloads: [[UInt8]], _ lanes: [SinkLane], of log: LogID, laneCount: Int = 1
    ) -> SinkBatch {
        let first = (lanes.map(\.position).max() ?? .zero).rawValue + 1
        let records = payloads.enumerated().map { index, payload in
            SinkRecord(
                sequence: SequenceNumber(rawValue: first + UInt64(index)),
                time: Timestamp(rawValue: 1_000 + Int64(index)),
                payload: payload[...])
        }
        return SinkBatch(
            log: log, laneCount: laneCount, lanes: lanes,
            position: SequenceNumber(rawValue: first + UInt64(max(1, payloads.count)) - 1), records: records)
    }

    /// The error that a call throws.
    func error(of body: () async throws -> Void) async -> JetStreamError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? JetStreamError
        }
    }
#endif
