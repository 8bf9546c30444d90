#if NATS
    import CWALNATS
    import class TestSupport.TemporaryDirectory
    import Testing
    import WAL

    @testable import WALNATS

    /// Addresses in the form of a command line or a setting.
    @Suite struct ConfigurationTests {
        private typealias Configuration = JetStreamSink.Configuration

        @Test func anAddressHasAllParts() throws {
            let configuration = try Configuration(
                url:
                    "nats://ann:p%2Fw%40d@n1:4222,n2:4223,[::1]:4224/orders?replicas=1&max_bytes=1000000&granularity=record"
            )
            #expect(configuration.servers == ["nats://n1:4222", "nats://n2:4223", "nats://[::1]:4224"])
            #expect(configuration.stream == "orders")
            #expect(configuration.replicas == 1 && configuration.maxStreamBytes == 1_000_000)
            #expect(configuration.granularity == .record)
            guard case .user("ann", "p/w@d") = configuration.credentials else {
                Issue.record("\(configuration.credentials)")
                return
            }
            #expect(configuration.tls == nil)
        }

        @Test func aHostIsEnough() throws {
            let configuration = try Configuration(url: "nats://n1")
            #expect(configuration.servers == ["nats://n1"])
            #expect(configuration.stream == nil && configuration.replicas == 3)
            guard case .none = configuration.credentials else {
                Issue.record("\(configuration.credentials)")
                return
            }
        }

        @Test func credentialsAndEncryption() throws {
            let token = try Configuration(url: "nats://s3cret@n1")
            guard case .token("s3cret") = token.credentials else {
                Issue.record("\(token.credentials)")
                return
            }
            let file = try Configuration(url: "tls://n1/s?creds=/etc/nats.creds&ca=/etc/ca.pem&cert=/c.pem&key=/k.pem")
            guard case .file("/etc/nats.creds") = file.credentials else {
                Issue.record("\(file.credentials)")
                return
            }
            #expect(file.tls?.trusted == "/etc/ca.pem")
            #expect(file.tls?.client?.certificates == "/c.pem" && file.tls?.client?.key == "/k.pem")
            #expect(try Configuration(url: "tls://n1").tls != nil)
        }

        /// A stream without a leader, one that is offline, a server that is too busy, and one that can't make a consumer
        /// pass without an operator.
        @Test(arguments: [10008, 10118, 10167, 10194, 10012, 10104] as [UInt32])
        func aTemporaryRefusalIsRetried(_ code: UInt32) {
            #expect(JetStreamError.Code(NATS_ERR, jsErrCode(code)) == .away)
        }

        /// Consumers of other programs end, or the limit is raised. A follower waits for that.
        @Test func theLimitOfConsumersIsRetried() {
            #expect(JetStreamError.Code(NATS_ERR, jsErrCode(10026)) == .full)
        }

        /// The library holds at most 8 MB for a server that it reconnects to, and refuses the rest of a larger batch.
        @Test func aFullBufferOfTheLibraryIsRetried() {
            #expect(JetStreamError.Code(NATS_INSUFFICIENT_BUFFER, jsErrCode(0)) == .away)
        }

        /// Headers that the sink doesn't write.
        @Test(arguments: ["", "1", "1:2:3", "x:1", "-1:1", "18446744073709551615:1", "1:18446744073709551616"])
        func aForeignStateIsRefused(_ text: String) {
            #expect(StreamState(text) == nil)
        }

        /// The error names the mistake, and no part of a password.
        @Test(arguments: [
            ("http://n1", "begin with"), ("nats://", "empty host"), ("nats://n1,,n2", "empty host"),
            ("nats://ann:hid/den@n1", "%2F"), ("nats://ann:hid%zzen@n1", "hexadecimal"),
            ("nats://ann:hid%+fen@n1", "hexadecimal"),
            ("nats://ann:hidden@n1?replicas=x", "replicas"), ("nats://ann:hidden@n1?replicas=9", "replicas"),
            ("nats://ann:hidden@n1?granularity=row", "granularity"),
            ("nats://ann:hidden@n1?cert=/c.pem", "cert and key"), ("nats://ann:hidden@n1?sync=1", "unknown option"),
            ("nats://n1/a.b", "stream"), ("nats://n1/a%22b", "stream"), ("nats://n1/a%01b", "stream"),
            ("nats://n1?replicas", "'='"), ("nats://ann:%ff@n1", "UTF-8"),
        ])
        func aWrongAddressIsRefused(_ url: String, _ reason: String) throws {
            let error = #expect(throws: JetStreamError.self) { try Configuration(url: url) }
            #expect(error?.code == .invalidOption)
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
            #expect(error?.description.contains("hid") == false)
        }

        /// With no time to wait, each moment without a message would count as a stall.
        @Test(arguments: [Duration.zero, .milliseconds(-1), .seconds(1e12)])
        func aFollowerThatCantWaitIsRefused(_ time: Duration) async throws {
            let directory = TemporaryDirectory()
            let replica = try await LogReplica.open(at: directory.path, of: .random())
            var configuration = StreamFollower.Configuration(stream: Configuration(servers: ["nats://n1"]))
            configuration.stallTimeout = time
            let error = #expect(throws: JetStreamError.self) {
                try StreamFollower(replica: replica, configuration: configuration)
            }
            #expect(error?.code == .invalidOption && error?.message.contains("stallTimeout") == true)
            configuration.stallTimeout = .milliseconds(100)
            try configuration.validate()
            try await replica.close()
        }
    }
#endif
