#if NATS
    import Foundation
    import func TestSupport.eventually
    import Testing
    import WAL
    import WALDelivery

    @testable import WALNATS
    @testable import WALTesting

    /// The streams that a sink accepts, and the changes of streams.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct StreamTests {
        let servers: Servers
        let log = LogID.random()

        init() throws {
            servers = try #require(Servers.shared, "the server doesn't start")
        }

        private var stream: String { StreamNames.stream(of: log, servers.configuration) }

        private func create(_ changes: String) throws {
            let reply = try request(
                "STREAM.CREATE.\(stream)",
                "{\"name\":\"\(stream)\",\"subjects\":[\"wal.\(log).>\"],\"storage\":\"file\",\"discard\":\"new\",\"num_replicas\":1\(changes)}",
                to: servers.addresses[0])
            try #require(!reply.contains("\"error\""), "\(reply)")
        }

        private func claimError(_ change: (inout JetStreamSink.Configuration) -> Void = { _ in }) async throws
            -> JetStreamError?
        {
            var configuration = servers.configuration
            change(&configuration)
            let sink = try JetStreamSink(configuration)
            let error = await error { _ = try await sink.claim(0..<1, of: 1, log: log) }
            await sink.close()
            return error
        }

        @Test(arguments: [
            (",\"max_age\":60000000000", "max_age"), (",\"retention\":\"workqueue\"", "retention"),
            (",\"max_msgs_per_subject\":5", "max_msgs_per_subject"), (",\"no_ack\":true", "no_ack"),
            (",\"storage\":\"memory\"", "memory"), (",\"max_bytes\":1000000,\"discard\":\"old\"", "isRolling"),
        ])
        func unsafeStreamsAreRefusedByName(_ changes: String, _ reason: String) async throws {
            // JSON uses the later of two equal keys.
            try create(changes)
            let error = try #require(try await claimError())
            #expect(error.code == .unsafeStream)
            #expect(error.description.contains(reason) && error.description.contains(stream), "\(error)")
        }

        @Test func aRollingStreamIsTakenIfAskedFor() async throws {
            try create(",\"max_bytes\":1000000,\"discard\":\"old\"")
            #expect(try await claimError { $0.isRolling = true } == nil)
        }

        @Test func tooFewReplicasAreRefused() async throws {
            try create("")
            let error = try await claimError { $0.replicas = 3 }
            #expect(error?.code == .unsafeStream)
            #expect(error?.description.contains("3 are asked for") == true)
        }

        @Test func aMissingStreamIsNamed() async throws {
            let error = try await claimError { $0.createsStream = false }
            #expect(error?.code == .noStream)
            #expect(error?.description.contains(stream) == true)
        }

        @Test func aStreamOfAnotherLogIsRefused() async throws {
            var configuration = servers.configuration
            configuration.stream = "shared-\(UUID().uuidString.prefix(8))"
            let sink = try JetStreamSink(configuration)
            _ = try await sink.claim(0..<1, of: 1, log: log)
            // The stream has the subjects of the first log.
            let error = await error { _ = try await sink.claim(0..<1, of: 1, log: .random()) }
            #expect(error?.code == .unsafeStream)
            await sink.close()
        }

        @Test func aPurgedPositionIsFatal() async throws {
            let sink = try JetStreamSink(servers.configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch([[1]], lanes, of: log))
            _ = try request("STREAM.PURGE.\(stream)", "", to: servers.addresses[0])
            let error = await error { _ = try await sink.claim(0..<1, of: 1, log: log) }
            #expect(error?.code == .foreignStream)
            #expect(error.map { sink.classify($0) } == .fatal)
            await sink.close()
        }

        /// A server that has just lost the lead may lack a message that the stream has. That must not stop a flusher.
        @Test func aLostLastMessageIsFatalOnceItIsMissedTwice() async throws {
            let sink = try JetStreamSink(servers.configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch([[1]], lanes, of: log))
            // The stream keeps its claim.
            _ = try request(
                "STREAM.PURGE.\(stream)", "{\"filter\":\"\(StreamNames.subject(of: log, .batch))\"}",
                to: servers.addresses[0])
            let first = await error { _ = try await sink.claim(0..<1, of: 1, log: log) }
            #expect(first?.code == .away, "\(String(describing: first))")
            let second = await error { _ = try await sink.claim(0..<1, of: 1, log: log) }
            #expect(second?.code == .foreignStream, "\(String(describing: second))")
            await sink.close()
        }

        /// Positions in a new stream would be zero, and the flusher would send all records again.
        @Test func aDeletedStreamIsNotCreatedAgain() async throws {
            let sink = try JetStreamSink(servers.configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch([[1]], lanes, of: log))
            _ = try request("STREAM.DELETE.\(stream)", "", to: servers.addresses[0])
            let error = await error { _ = try await sink.claim(0..<1, of: 1, log: log) }
            #expect(error?.code == .noStream)
            #expect(error.map { sink.classify($0) } == .fatal)
            #expect(try request("STREAM.INFO.\(stream)", "", to: servers.addresses[0]).contains("10059"))
            await sink.close()
        }

        /// A flusher that finds no lanes claims them, and the claim throws.
        @Test func aDeletedStreamHasNoLanes() async throws {
            let sink = try JetStreamSink(servers.configuration)
            _ = try await sink.claim(0..<1, of: 1, log: log)
            #expect(try await sink.positions(of: 0..<1, log: log)?.map(\.epoch) == [1])
            _ = try request("STREAM.DELETE.\(stream)", "", to: servers.addresses[0])
            #expect(try await sink.positions(of: 0..<1, log: log) == [])
            await sink.close()
        }

        /// A single server is restored from an older copy while nothing is written. No batch shows that the stream
        /// lacks an acknowledged record.
        @Test func anIdleStreamGetsWhatItHasLost() async throws {
            let servers = try Servers()
            let directory = NSTemporaryDirectory() + "/nats-log-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            let flusher = Flusher(
                log: log, sink: try JetStreamSink(servers.configuration),
                configuration: Flusher.Configuration(checkInterval: .milliseconds(100))
            ) { _ in 0 }
            let delivery = Task { try await flusher.run() }
            let (data, copy) = (servers.directory + "/n1", servers.directory + "/older")
            try await log.append("kept")
            try await flusher.drain()
            try servers.signal(1, "KILL")
            try FileManager.default.copyItem(atPath: data, toPath: copy)
            try servers.restart(1)
            try await log.append("lost")
            try await flusher.drain()
            try servers.signal(1, "KILL")
            try FileManager.default.removeItem(atPath: data)
            try FileManager.default.moveItem(atPath: copy, toPath: data)
            try servers.restart(1)
            try await eventually { (try? StreamReading(of: log.id, servers.configuration).records.count) == 2 }
            #expect(flusher.statistics.claimsLost > 0)
            delivery.cancel()
            _ = await delivery.result
            try await log.close()
        }

        /// The stream's own limit is below the server's. A flusher would retry such a record forever.
        @Test func aRecordAboveTheLimitOfTheStreamIsBlamed() async throws {
            try create(",\"max_msg_size\":10000")
            let sink = try JetStreamSink(servers.configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let random = (0..<20_000).map { _ in UInt8.random(in: 0...255) }
            let lone = try #require(await error { _ = try await sink.apply(batch([random], lanes, of: log)) })
            #expect(sink.classify(lone).kind == .record, "\(lone)")
            let pair = try #require(await error { _ = try await sink.apply(batch([random, [1]], lanes, of: log)) })
            #expect(sink.classify(pair).kind == .record, "\(pair)")
            _ = try await sink.apply(batch([[1]], lanes, of: log))
            await sink.close()
        }

        /// The server's error for a forbidden message names only its subject, and a forbidden request gets no answer.
        @Test(arguments: ["wal.", "$JS.API.STREAM.INFO.", "$JS.API.STREAM.CREATE.", "$JS.API.STREAM.MSG.GET."])
        func aMissingPermissionIsNamed(_ denied: String) async throws {
            let guarded = try Servers(denying: denied)
            let configuration = guarded.configurationOfUser
            let sink = try JetStreamSink(configuration)
            // The refusal comes beside the answers, and a busy server may need longer than the time limit for it.
            var error: JetStreamError?
            try await eventually {
                error = await WALNATSTests.error { _ = try await sink.claim(0..<1, of: 1, log: log) }
                return error?.code == .unauthorized
            }
            #expect(error?.description.contains(denied) == true, "\(String(describing: error))")
            #expect(error?.description.contains("\(log)") == true, "\(String(describing: error))")
            await sink.close()
        }

        /// The stream stores messages and acknowledges none. An earlier refusal of another message must not say that
        /// nothing was stored, because the flusher would take its own late claim for that of another owner.
        @Test func anEarlierRefusalSaysNothingAboutOtherMessages() async throws {
            let guarded = try Servers(denying: "$JS.API.STREAM.PURGE.")
            let configuration = guarded.configurationOfUser
            let connection = try StreamConnection(configuration)
            _ = try connection.request(
                "STREAM.CREATE.\(stream)",
                "{\"name\":\"\(stream)\",\"subjects\":[\"wal.\(log).>\"],\"storage\":\"file\",\"no_ack\":true}",
                "create")
            #expect(throws: JetStreamError.self) { try connection.request("STREAM.PURGE.\(stream)", "", "purge") }
            let lanes = [SinkLane(index: 0, epoch: 1, position: .zero)]
            let claim = OutgoingMessage(
                subject: StreamNames.subject(of: log, .claim),
                headers: StreamState(lanes: lanes).headers(.claim, of: log, after: .zero, to: .zero), body: [])
            let error = #expect(throws: JetStreamError.self) {
                try connection.publish([claim], in: stream, after: 0)
            }
            #expect(error?.code == .indeterminate, "\(String(describing: error))")
        }

        /// A frozen machine answers nothing and closes no connection.
        @Test func aFrozenServerHoldsUpNoCall() async throws {
            let frozen = try Servers()
            var configuration = frozen.configuration
            configuration.timeout = .seconds(4)
            let sink = try JetStreamSink(configuration)
            let lanes = try await claimLane(of: log, by: sink)
            try frozen.signal(1, "STOP")
            let random = (0..<500_000).map { _ in UInt8.random(in: 0...255) }
            let lost = await error { _ = try await sink.apply(batch([random], lanes, of: log)) }
            #expect(lost?.code == .indeterminate, "\(String(describing: lost))")
            try frozen.signal(1, "CONT")
            let claimed = try await claimLane(of: log, by: sink)
            let stored = try StreamReading(of: log, configuration).records.count
            #expect(claimed[0].position.rawValue == UInt64(stored))
            try frozen.signal(1, "STOP")
            await sink.close()
        }

        @Test func aFullStreamIsTransientAndContinuesWhenRaised() async throws {
            var configuration = servers.configuration
            configuration.maxStreamBytes = 20_000
            let sink = try JetStreamSink(configuration)
            var lanes = try await sink.claim(0..<1, of: 1, log: log)
            var refused: JetStreamError?
            while refused == nil {
                let next = batch([(0..<4000).map { _ in UInt8.random(in: 0...255) }], lanes, of: log)
                refused = await error { _ = try await sink.apply(next) }
                if refused == nil { lanes[0].position = next.position }
                try #require(lanes[0].position < 10)
            }
            #expect(refused?.code == .full)
            #expect(refused.map { sink.classify($0) } == .transient)
            #expect(try StreamReading(of: log, configuration).records.map(\.sequence).last == lanes[0].position)
            let reply = try request(
                "STREAM.UPDATE.\(stream)",
                "{\"name\":\"\(stream)\",\"subjects\":[\"wal.\(log).>\"],\"storage\":\"file\",\"discard\":\"new\",\"num_replicas\":1,\"deny_delete\":true,\"allow_direct\":true,\"max_bytes\":1000000}",
                to: servers.addresses[0])
            try #require(!reply.contains("\"error\""), "\(reply)")
            _ = try await sink.apply(batch([[7]], lanes, of: log))
            await sink.close()
        }

        @Test func aLaterOwnerFencesByItsClaim() async throws {
            let (first, second) = (try JetStreamSink(servers.configuration), try JetStreamSink(servers.configuration))
            let lanes = try await first.claim(0..<1, of: 1, log: log)
            let laterLanes = try await second.claim(0..<1, of: 1, log: log)
            #expect(laterLanes[0].epoch == lanes[0].epoch + 1)
            let refused = await error { _ = try await first.apply(batch([[1]], lanes, of: log)) }
            #expect(refused?.code == .fenced)
            _ = try await second.apply(batch([[2]], laterLanes, of: log))
            #expect(try StreamReading(of: log, servers.configuration).records.map { Array($0.payload) } == [[2]])
            await first.close()
            await second.close()
        }

        /// The server has stored the batch, and its answer is lost. The next claim returns the outcome.
        @Test func aLostAnswerIsSettledByTheNextClaim() async throws {
            let proxy = try CuttingProxy(listeningOn: .loopback(port: 0), forwardingTo: .loopback(port: servers.port))
            guard case .loopback(let port) = proxy.address else { return }
            var configuration = servers.configuration
            configuration.servers = ["nats://127.0.0.1:\(port)"]
            configuration.timeout = .seconds(4)
            let sink = try JetStreamSink(configuration)
            let lanes = try await claimLane(of: log, by: sink)
            proxy.holdBeforeReply(1)
            let lost = await error { _ = try await sink.apply(batch([[1]], lanes, of: log)) }
            #expect(lost?.code == .indeterminate, "\(String(describing: lost))")
            proxy.release()
            let claimed = try await claimLane(of: log, by: sink)
            #expect(claimed[0].position == 1)
            await sink.close()
            proxy.close()
        }

        /// Another program answers at the server's address, and names no limit. No record is too large for that.
        @Test func withoutAServersLimitNoRecordIsBlamed() async throws {
            let proxy = try CuttingProxy(listeningOn: .loopback(port: 0), forwardingTo: .loopback(port: servers.port))
            guard case .loopback(let port) = proxy.address else { return }
            var configuration = servers.configuration
            configuration.servers = ["nats://127.0.0.1:\(port)"]
            let sink = try JetStreamSink(configuration)
            let lanes = try await claimLane(of: log, by: sink)
            proxy.close()
            var other: Socket?
            try await eventually {
                other = try? Socket.listening(on: .loopback(port: port))
                return other != nil
            }
            let listener = try #require(other)
            let greeting = Array("INFO {\"server_id\":\"x\",\"version\":\"2.10.0\"}\r\n".utf8)
            try await eventually {
                guard let client = listener.accepted(within: 50) else { return false }
                defer { client.close() }
                var buffer = [UInt8](repeating: 0, count: 4096)
                // The library answers after it has read the greeting.
                return client.write(greeting[...]) && !client.read(into: &buffer).isEmpty
            }
            listener.close()
            let random = (0..<10_000).map { _ in UInt8.random(in: 0...255) }
            let away = await error { _ = try await sink.apply(batch([random], lanes, of: log)) }
            #expect(away?.code == .away, "\(String(describing: away))")
            await sink.close()
        }

        /// The server has stored a claim, and its answer is lost. The epoch of the next claim is one higher.
        @Test func aLostClaimIsClaimedAgain() async throws {
            let proxy = try CuttingProxy(listeningOn: .loopback(port: 0), forwardingTo: .loopback(port: servers.port))
            guard case .loopback(let port) = proxy.address else { return }
            var configuration = servers.configuration
            configuration.servers = ["nats://127.0.0.1:\(port)"]
            configuration.timeout = .seconds(4)
            let first = try JetStreamSink(servers.configuration)
            #expect(try await first.claim(0..<1, of: 1, log: log)[0].epoch == 1)
            let sink = try JetStreamSink(configuration)
            // The replies: the stream's state, its last message, and the claim.
            proxy.cutBeforeReply(3)
            let lost = await error { _ = try await sink.claim(0..<1, of: 1, log: log) }
            #expect(lost != nil)
            let claimed = try await claimLane(of: log, by: sink)
            let claims = try StreamReading(of: log, servers.configuration).messages.map { $0.headers["Wal-Epoch"] }
            #expect(claims == (1...claimed[0].epoch).map(String.init))
            let refused = await error {
                let lanes = [SinkLane(index: 0, epoch: 1, position: .zero)]
                _ = try await first.apply(batch([[1]], lanes, of: log))
            }
            #expect(refused?.code == .fenced)
            _ = try await sink.apply(batch([[2]], claimed, of: log))
            await first.close()
            await sink.close()
            proxy.close()
        }

        /// Another client's message makes the expected last message wrong. Only a claim fences.
        @Test func anotherLastMessageAloneFencesNobody() async throws {
            let sink = try JetStreamSink(servers.configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let connection = try StreamConnection(servers.configuration)
            let stored = batch([[1]], lanes, of: log)
            let state = StreamState(lanes: lanes).moved(lanes, to: stored.position)
            // The sink's own batch, whose answer is lost.
            let message = OutgoingMessage(
                subject: StreamNames.subject(of: log, .batch),
                headers: state.headers(.batch, of: log, after: .zero, to: stored.position),
                body: StreamBody.encode(stored.records, compressing: true)[...])
            _ = try connection.publish([message], in: stream, after: 1)
            let refused = await error { _ = try await sink.apply(stored) }
            #expect(refused?.code == .indeterminate, "\(String(describing: refused))")
            #expect(try await sink.claim(0..<1, of: 1, log: log)[0].position == stored.position)
            await sink.close()
        }

        @Test func healthNamesTheStream() async throws {
            let sink = try JetStreamSink(servers.configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch([[1]], lanes, of: log))
            let health = try await sink.health(of: log)
            #expect(health.stream == stream && health.messageCount == 2 && health.byteCount > 0)
            await sink.close()
        }

        @Test func noServerIsAway() async throws {
            var configuration = JetStreamSink.Configuration(servers: ["nats://127.0.0.1:1"])
            configuration.replicas = 1
            let sink = try JetStreamSink(configuration)
            let error = try #require(await error { _ = try await sink.claim(0..<1, of: 1, log: log) })
            #expect(error.code == .away && sink.classify(error) == .transient)
            await sink.close()
            #expect(await WALNATSTests.error { _ = try await sink.claim(0..<1, of: 1, log: log) }?.code == .closed)
        }

        @Test func aTokenIsNeededWhereTheServerWantsOne() async throws {
            let guarded = try Servers(configuration: "authorization { token: \"s3cret\" }")
            var configuration = guarded.configuration
            let stranger = try JetStreamSink(configuration)
            #expect(await error { _ = try await stranger.claim(0..<1, of: 1, log: log) }?.code == .unauthorized)
            await stranger.close()
            configuration.credentials = .token("s3cret")
            let sink = try JetStreamSink(configuration)
            #expect(try await sink.claim(0..<1, of: 1, log: log) == [SinkLane(index: 0, epoch: 1, position: .zero)])
            await sink.close()
        }

        /// FORMAT.md's example in another language reads the messages of the sink.
        @Test func theExampleReadsTheStream() async throws {
            let sink = try JetStreamSink(servers.configuration)
            var lanes = try await sink.claim(0..<1, of: 1, log: log)
            for text in ["ann", String(repeating: "bob ", count: 500), ""] {
                let next = batch([Array(text.utf8), Array("z".utf8)], lanes, of: log)
                _ = try await sink.apply(next)
                lanes[0].position = next.position
            }
            await sink.close()
            let lines = try Servers.example(of: servers, stream: stream).split(separator: "\n")
            #expect(lines.map { $0.split(separator: " ", maxSplits: 2)[0] } == ["1", "2", "3", "4", "5", "6"])
            #expect(lines.first == "1 1000 ann")
        }
    }
#endif
