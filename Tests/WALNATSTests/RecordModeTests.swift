#if NATS
    import Foundation
    import Testing
    import WAL
    import WALDelivery

    @testable import WALNATS

    /// Streams with one message for each record, which need a current server.
    @Suite(.serialized, .needsCurrentServer, .timeLimit(.minutes(30))) struct RecordModeTests {
        let servers: Servers
        let log = LogID.random()

        init() throws {
            servers = try #require(Servers.currentShared, "the server doesn't start")
        }

        private var configuration: JetStreamSink.Configuration {
            var configuration = servers.configuration
            configuration.granularity = .record
            return configuration
        }

        @Test func eachRecordIsAMessage() async throws {
            let sink = try JetStreamSink(configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch([Array("ann".utf8), [], Array("{}".utf8)], lanes, of: log))
            let messages = try StreamReading(of: log, configuration).messages
            #expect(messages.map { $0.headers["Wal-Kind"] } == ["claim", "record", "record", "record"])
            #expect(messages.dropFirst().map(\.body) == [Array("ann".utf8), [], Array("{}".utf8)])
            #expect(messages.dropFirst().map { $0.headers["Wal-Seq"] } == ["1", "2", "3"])
            #expect(messages.dropFirst().map { $0.headers["Wal-Prev"] } == ["0", "1", "2"])
            #expect(messages.last?.headers["Wal-Lanes"] == "1:3")
            #expect(try await sink.claim(0..<1, of: 1, log: log)[0].position == 3)
            await sink.close()
        }

        /// A server accepts at most 1,000 messages as one batch.
        @Test func aBatchOfMoreMessagesIsCut() async throws {
            let sink = try JetStreamSink(configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let large = batch(Array(repeating: [1], count: 1001), lanes, of: log)
            let refused = try #require(await error { _ = try await sink.apply(large) })
            #expect(sink.classify(refused) == .overloaded, "\(refused)")
            _ = try await sink.apply(batch(Array(repeating: [1], count: 1000), lanes, of: log))
            #expect(try StreamReading(of: log, configuration).records.count == 1000)
            await sink.close()
        }

        /// A batch is stored completely or not at all: another owner's claim in between refuses all of it.
        @Test func anEarlierOwnersBatchIsRefusedAsAWhole() async throws {
            let (first, second) = (try JetStreamSink(configuration), try JetStreamSink(configuration))
            let lanes = try await first.claim(0..<1, of: 1, log: log)
            let laterLanes = try await second.claim(0..<1, of: 1, log: log)
            let refused = await error { _ = try await first.apply(batch([[1], [2], [3]], lanes, of: log)) }
            #expect(refused?.code == .fenced, "\(String(describing: refused))")
            _ = try await second.apply(batch([[4], [5]], laterLanes, of: log))
            #expect(try StreamReading(of: log, configuration).records.map { Array($0.payload) } == [[4], [5]])
            await first.close()
            await second.close()
        }

        /// A server from 2.11 on limits the messages that wait for a stream. Its refusal of a batch must not stop a
        /// flusher.
        @Test func aServerThatIsTooBusyIsTransient() async throws {
            let busy = try Servers(isCurrent: true, jetStream: "max_buffered_size: 2000")
            let sink = try JetStreamSink(busy.configuration)
            let lanes = try await claimLane(of: log, by: sink)
            let random = (0..<4000).map { _ in UInt8.random(in: 0...255) }
            let refused = try #require(await error { _ = try await sink.apply(batch([random], lanes, of: log)) })
            #expect(sink.classify(refused) == .transient, "\(refused)")
            _ = try await sink.apply(batch([[1]], lanes, of: log))
            await sink.close()
        }

        @Test func theStreamsLimitBlamesTheRecord() async throws {
            let reply = try request(
                "STREAM.CREATE.wal-\(log)",
                """
                {"name":"wal-\(log)","subjects":["wal.\(log).>"],"storage":"file","discard":"new","num_replicas":1,\
                "allow_atomic":true,"max_msg_size":10000}
                """, to: servers.addresses[0])
            try #require(!reply.contains("\"error\""), "\(reply)")
            let sink = try JetStreamSink(configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            let large = try #require(
                await error {
                    _ = try await sink.apply(batch([[1], Array(repeating: 7, count: 20_000)], lanes, of: log))
                })
            #expect(sink.classify(large).kind == .record, "\(large)")
            await sink.close()
        }

        /// One stream with both kinds of messages makes one replica.
        @Test func aReplicaReadsBothGranularities() async throws {
            let directory = NSTemporaryDirectory() + "/nats-mixed-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let single = try JetStreamSink(configuration)
            var packing = configuration
            packing.granularity = .batch
            let packed = try JetStreamSink(packing)
            var position: SequenceNumber = .zero
            for round in 0..<4 {
                let sink = round % 2 == 0 ? single : packed
                let lanes = try await sink.claim(0..<1, of: 1, log: log)
                #expect(lanes[0].position == position)
                let next = batch((0..<50).map { Array("\(round) \($0)".utf8) }, lanes, of: log)
                _ = try await sink.apply(next)
                position = next.position
            }
            let replica = try await LogReplica.open(at: directory, of: log)
            var following = StreamFollower.Configuration(stream: configuration)
            following.endsAtEnd = true
            try await StreamFollower(replica: replica, configuration: following).run()
            try await replica.close()
            var found: [SinkRecord] = []
            let reader = try ReadOnlyLog(at: directory).reader()
            while let record = try reader.next() {
                found.append(
                    SinkRecord(sequence: record.sequence, time: record.time, payload: Array(record.payload)[...]))
            }
            let stored = try StreamReading(of: log, configuration).records
            #expect(found.count == 200 && found.map(\.sequence) == stored.map(\.sequence))
            #expect(found.map { Array($0.payload) } == stored.map { Array($0.payload) })
            #expect(found.map(\.time) == stored.map(\.time))
            await single.close()
            await packed.close()
        }

        /// FORMAT.md's example in another language also reads the messages.
        @Test func theExampleReadsSingleRecords() async throws {
            let sink = try JetStreamSink(configuration)
            let lanes = try await sink.claim(0..<1, of: 1, log: log)
            _ = try await sink.apply(batch([Array("ann".utf8), Array("bob".utf8)], lanes, of: log))
            await sink.close()
            let output = try Servers.example(of: servers, stream: "wal-\(log)")
            #expect(output == "1 1000 ann\n2 1001 bob")
        }
    }

    /// Features that older servers lack.
    @Suite(.needsServer) struct OldServerTests {
        @Test func atomicBatchesAreRefusedByNameWhereTheServerHasNone() async throws {
            let servers = try #require(Servers.shared, "the server doesn't start")
            var configuration = servers.configuration
            configuration.granularity = .record
            let sink = try JetStreamSink(configuration)
            let refused = await error { _ = try await sink.claim(0..<1, of: 1, log: .random()) }
            #expect(refused?.code == .unsafeStream)
            #expect(refused?.message.contains("nats-server 2.12") == true, "\(String(describing: refused))")
            await sink.close()
        }
    }
#endif
