#if NATS
    import Foundation
    import MetricsTestKit
    import func TestSupport.eventually
    import Testing
    import WAL
    import WALDelivery

    @testable import WALNATS

    /// A replica with a duplicate or a missing record looks like any other log. Only these rules prevent that.
    @Suite struct StreamRulesTests {
        private static let source = LogID(low: 1, high: 2)

        private func rules(at position: UInt64 = 0, epoch: UInt64 = 0, acceptsGaps: Bool = false) -> StreamRules {
            StreamRules(
                source: Self.source, stream: "s",
                position: LogReplica.Position(sequence: SequenceNumber(rawValue: position), epoch: epoch),
                acceptsGaps: acceptsGaps)
        }

        private func head(
            _ kind: StreamState.Kind, epoch: UInt64, _ previous: UInt64, _ last: UInt64, lanes: String? = nil,
            log: LogID = source
        ) throws -> StreamRules.Head {
            let headers = [
                "Wal-Kind": kind.rawValue, "Wal-Log": "\(log)", "Wal-Epoch": "\(epoch)", "Wal-Prev": "\(previous)",
                "Wal-Last": "\(last)", "Wal-Lanes": lanes ?? "\(epoch):\(last)",
            ]
            return try StreamRules.Head(headers, number: 1, stream: "s")
        }

        @Test func aStreamInOrderIsTaken() throws {
            var rules = rules()
            #expect(try rules.decide(head(.claim, epoch: 1, 0, 0)) == .claim)
            #expect(try rules.decide(head(.batch, epoch: 1, 0, 5)) == .records(above: 0))
            #expect(try rules.decide(head(.claim, epoch: 2, 5, 5)) == .claim)
            #expect(try rules.decide(head(.batch, epoch: 2, 5, 9)) == .records(above: 5))
            #expect(rules.position == LogReplica.Position(sequence: 9, epoch: 2))
        }

        /// The server of Debian 12 can replace an acknowledged claim by a batch that it had refused. Then the batch occurs twice,
        /// and the claim is missing.
        @Test func aBatchThatIsThereTwiceIsTakenOnce() throws {
            var rules = rules()
            #expect(try rules.decide(head(.batch, epoch: 1, 0, 5)) == .records(above: 0))
            #expect(try rules.decide(head(.batch, epoch: 1, 0, 5)) == .known)
            #expect(try rules.decide(head(.batch, epoch: 2, 5, 7)) == .records(above: 5))
        }

        @Test func aMessageOfAnEarlierOwnerIsSkipped() throws {
            var rules = rules(at: 5, epoch: 2)
            #expect(try rules.decide(head(.batch, epoch: 1, 5, 9)) == .olderEpoch)
            #expect(try rules.decide(head(.claim, epoch: 1, 5, 5)) == .olderEpoch)
            #expect(rules.position == LogReplica.Position(sequence: 5, epoch: 2))
        }

        /// A replica that stopped within a batch accepts the rest of it.
        @Test func theRestOfABatchIsTaken() throws {
            var rules = rules(at: 3, epoch: 1)
            #expect(try rules.decide(head(.batch, epoch: 1, 0, 5)) == .records(above: 3))
        }

        @Test func aGapIsTypedAndNamesTheRecords() throws {
            var strict = rules(at: 5)
            let error = #expect(throws: JetStreamError.self) { try strict.decide(head(.batch, epoch: 1, 8, 9)) }
            #expect(error?.code == .gap && error?.message.contains("the records 6 to 8") == true)
            #expect(strict.position == LogReplica.Position(sequence: 5, epoch: 0))
            var lenient = rules(at: 5, acceptsGaps: true)
            #expect(try lenient.decide(head(.batch, epoch: 1, 8, 9)) == .records(above: 5))
            #expect(lenient.gapCount == 1)
        }

        /// The batches before a claim were removed, and no batch follows it.
        @Test func aClaimShowsMissingRecords() throws {
            var strict = rules(at: 5)
            let error = #expect(throws: JetStreamError.self) { try strict.decide(head(.claim, epoch: 1, 9, 9)) }
            #expect(error?.code == .gap && error?.message.contains("the records 6 to 9") == true)
            var lenient = rules(at: 5, acceptsGaps: true)
            #expect(try lenient.decide(head(.claim, epoch: 1, 9, 9)) == .claim)
            #expect(lenient.gapCount == 1 && lenient.position.sequence == 9)
            // The lane that lags may have the records.
            var lanes = rules(at: 5)
            #expect(try lanes.decide(head(.claim, epoch: 1, 9, 9, lanes: "1:9 1:5")) == .claim)
            #expect(lanes.position.sequence == 5)
        }

        @Test func lanesAtDifferentPositionsAreRefused() throws {
            var rules = rules()
            let error = #expect(throws: JetStreamError.self) {
                try rules.decide(head(.batch, epoch: 1, 0, 5, lanes: "1:5 1:0"))
            }
            #expect(error?.code == .unsafeStream)
        }

        @Test func anotherLogIsRefused() throws {
            var rules = rules()
            let error = #expect(throws: JetStreamError.self) {
                try rules.decide(head(.batch, epoch: 1, 0, 5, log: .random()))
            }
            #expect(error?.code == .foreignStream)
            let none = #expect(throws: JetStreamError.self) { try StreamRules.Head([:], number: 7, stream: "s") }
            #expect(none?.code == .foreignStream && none?.message.contains("7") == true)
        }

        /// A forged message must not move a replica past all sequence numbers.
        @Test func aNumberBeyondTheLimitIsRefused() {
            for last in [1 << 62, UInt64.max] {
                let error = #expect(throws: JetStreamError.self) { try head(.batch, epoch: 1, 0, last) }
                #expect(error?.code == .foreignStream)
            }
        }

        @Test func anIdentifierIsReadAsItIsWritten() {
            let id = LogID.random()
            #expect(LogID("\(id)") == id)
            for text in ["", "\(id)0", String(repeating: "g", count: 32), "+" + "\(id)".dropFirst()] {
                #expect(LogID(text) == nil)
            }
        }
    }

    /// A replica of the records that a sink has stored on a server.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct FollowerTests {
        let servers: Servers
        let source = LogID.random()
        let directory = NSTemporaryDirectory() + "/nats-replica-\(UUID().uuidString)"

        init() throws {
            servers = try #require(Servers.shared, "the server doesn't start")
        }

        /// The replica's name in metrics.
        private var log: String { URL(filePath: directory).lastPathComponent }

        private func open() async throws -> LogReplica {
            try await LogReplica.open(at: directory, of: source)
        }

        /// Follows to the end of the stream.
        private func follow(
            metrics: TestMetrics? = nil, _ change: (inout StreamFollower.Configuration) -> Void = { _ in }
        ) async throws -> (records: [LogRecord], statistics: StreamFollower.Statistics) {
            let replica = try await open()
            var configuration = StreamFollower.Configuration(stream: servers.configuration)
            configuration.endsAtEnd = true
            change(&configuration)
            let follower = try StreamFollower(replica: replica, configuration: configuration, metrics: metrics)
            do {
                try await follower.run()
            } catch {
                try await replica.close()
                throw error
            }
            try await replica.close()
            return (try replicated(), follower.statistics)
        }

        private func replicated() throws -> [LogRecord] {
            var records: [LogRecord] = []
            let reader = try ReadOnlyLog(at: directory).reader()
            while let entry = try reader.nextEntry() { if case .record(let record) = entry { records.append(record) } }
            return records
        }

        /// Stores a message as an owner would, at any place in the stream.
        private func store(
            _ kind: StreamState.Kind, epoch: UInt64, _ previous: UInt64, _ last: UInt64, on connection: StreamConnection
        ) throws {
            let stream = StreamNames.stream(of: source, servers.configuration)
            let state = StreamState(
                lanes: [SinkLane(index: 0, epoch: epoch, position: SequenceNumber(rawValue: last))])
            let records = (kind == .batch ? Array(previous + 1..<last + 1) : []).map { number in
                SinkRecord(
                    sequence: SequenceNumber(rawValue: number), time: Timestamp(rawValue: Int64(number)),
                    payload: Array("\(epoch) \(number)".utf8)[...])
            }
            let message = OutgoingMessage(
                subject: StreamNames.subject(of: source, kind),
                headers: state.headers(
                    kind, of: source, after: SequenceNumber(rawValue: previous), to: SequenceNumber(rawValue: last)),
                body: kind == .batch ? StreamBody.encode(records, compressing: true)[...] : [])
            _ = try connection.publish(
                [message], in: stream, after: try connection.info(of: stream)?.lastMessage ?? 0)
        }

        private func makeStream() throws -> StreamConnection {
            let connection = try StreamConnection(servers.configuration)
            try connection.create(
                StreamNames.stream(of: source, servers.configuration), subjects: StreamNames.subjects(of: source),
                replicas: 1, maxBytes: nil, isRolling: false, allowsAtomicBatches: false)
            return connection
        }

        @Test func aReplicaHasWhatTheSinkStored() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let sink = try JetStreamSink(servers.configuration)
            var lanes = try await sink.claim(0..<1, of: 1, log: source)
            for size in [1, 100, 3] {
                let next = batch((0..<size).map { Array("\(size) \($0)".utf8) }, lanes, of: source)
                _ = try await sink.apply(next)
                lanes[0].position = next.position
            }
            var named = servers.configuration
            named.stream = StreamNames.stream(of: source, servers.configuration)
            #expect(try await StreamFollower.source(of: named) == source)
            let (records, statistics) = try await follow()
            let stored = try StreamReading(of: source, servers.configuration).records
            #expect(records.map(\.sequence) == stored.map(\.sequence))
            #expect(records.map(\.time) == stored.map(\.time))
            #expect(records.map(\.payload) == stored.map { Array($0.payload) })
            #expect(statistics.messages == 3 && statistics.records == 104)
            // The next run finds its place, and no new message.
            #expect(try await follow().statistics.records == 0)
            let next = batch([[7]], lanes, of: source)
            _ = try await sink.apply(next)
            #expect(try await follow().statistics.records == 1)
            #expect(try replicated().count == 105)
            await sink.close()
        }

        /// A second run must not end at once as if it had followed.
        @Test func aFollowerRunsAgainAfterItWasCanceled() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try store(.batch, epoch: 1, 0, 10, on: makeStream())
            let replica = try await open()
            var configuration = StreamFollower.Configuration(stream: servers.configuration)
            configuration.endsAtEnd = true
            let follower = try StreamFollower(replica: replica, configuration: configuration)
            let canceled = Task {
                while !Task.isCancelled { await Task.yield() }
                try await follower.run()
            }
            canceled.cancel()
            try await canceled.value
            #expect(replica.position.sequence == 0)
            try await follower.run()
            #expect(replica.position.sequence == 10)
            try await replica.close()
        }

        /// A stream as a server of Debian 12 left it, with a duplicate batch and without a claim, and a late message of an
        /// earlier owner.
        @Test func doublesAndEarlierOwnersAreSkipped() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.claim, epoch: 1, 0, 0, on: connection)
            try store(.batch, epoch: 1, 0, 10, on: connection)
            try store(.batch, epoch: 1, 0, 10, on: connection)
            try store(.batch, epoch: 3, 10, 20, on: connection)
            try store(.batch, epoch: 2, 10, 15, on: connection)
            try store(.batch, epoch: 3, 20, 30, on: connection)
            let metrics = TestMetrics()
            let (records, statistics) = try await follow(metrics: metrics)
            #expect(records.map(\.sequence.rawValue) == Array(1...30))
            #expect(records[12].payload == Array("3 13".utf8))
            #expect(statistics.olderEpochs == 1 && statistics.known == 1 && statistics.lag == 0)

            #expect(try metrics.expectCounter("wal.follower.records", [("log", log)]).totalValue == 30)
            #expect(try metrics.expectCounter("wal.follower.messages", [("log", log)]).totalValue == 5)
            for reason in ["known", "older_epoch"] {
                let skipped = try metrics.expectCounter(
                    "wal.follower.skipped_messages", [("log", log), ("reason", reason)])
                #expect(skipped.totalValue == 1)
            }
            #expect(try metrics.expectGauge("wal.follower.lag.messages", [("log", log)]).lastValue == 0)
            // A follower that has ended, for example at a gap, must not look as if it read the stream.
            let connected = try metrics.expectGauge("wal.follower.connected", [("log", log)])
            #expect(connected.values.contains(1) && connected.lastValue == 0)
        }

        /// The next run also counts a claim without records after it.
        @Test func anEpochIsRemembered() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.claim, epoch: 1, 0, 0, on: connection)
            try store(.batch, epoch: 1, 0, 10, on: connection)
            try store(.claim, epoch: 2, 10, 10, on: connection)
            #expect(try await follow().records.count == 10)
            try store(.batch, epoch: 1, 10, 12, on: connection)
            try store(.batch, epoch: 2, 10, 11, on: connection)
            let (records, statistics) = try await follow()
            #expect(records.last?.payload == Array("2 11".utf8) && records.count == 11)
            // Record 12 has come only in the late message. So the stream is read again from its first message.
            #expect(statistics.olderEpochs == 2)
        }

        /// Binary search needs ordered positions. A late message of an earlier owner breaks the order, and that is no gap.
        /// A follower that accepts gaps must not skip the records of such a place.
        @Test(arguments: [false, true]) func aLateMessageInTheWayOfHalvingIsNoGap(acceptsGaps: Bool) async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.batch, epoch: 2, 0, 20, on: connection)
            #expect(try await follow().records.count == 20)
            try store(.batch, epoch: 2, 20, 30, on: connection)
            for _ in 0..<6 { try store(.batch, epoch: 1, 5, 10, on: connection) }
            try store(.batch, epoch: 2, 30, 40, on: connection)
            let (records, statistics) = try await follow { $0.acceptsGaps = acceptsGaps }
            #expect(records.map(\.sequence.rawValue) == Array(1...40) && statistics.gaps == 0)
        }

        @Test func aGapStopsTheFollowerUnlessItIsAccepted() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.batch, epoch: 1, 0, 10, on: connection)
            try store(.batch, epoch: 1, 12, 20, on: connection)
            let error = await error { _ = try await follow() }
            #expect(error?.code == .gap, "\(String(describing: error))")
            #expect(try replicated().count == 10)
            let (records, statistics) = try await follow { $0.acceptsGaps = true }
            #expect(records.map(\.sequence.rawValue) == Array(1...10) + Array(13...20))
            #expect(statistics.gaps == 1)
        }

        /// Another stream of the same log has lower epochs, because each counts its own owners.
        @Test func anotherStreamOfTheLogIsFollowedOn() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.claim, epoch: 3, 0, 0, on: connection)
            try store(.batch, epoch: 3, 0, 10, on: connection)
            #expect(try await follow().records.count == 10)
            try delete(on: connection)
            let other = try makeStream()
            try store(.claim, epoch: 1, 0, 0, on: other)
            try store(.batch, epoch: 1, 0, 10, on: other)
            try store(.batch, epoch: 1, 10, 20, on: other)
            let (records, statistics) = try await follow()
            #expect(records.map(\.sequence.rawValue) == Array(1...20))
            #expect(statistics.olderEpochs == 0)
        }

        /// The kept epoch is that of the stream before. By it, the first messages of a stream with as many owners look late.
        @Test(arguments: [false, true], [false, true])
        func aStreamOfAsManyOwnersInAnotherOnesPlaceIsFollowedOn(acceptsGaps: Bool, hasLaterBatch: Bool) async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.batch, epoch: 2, 0, 20, on: connection)
            #expect(try await follow().records.count == 20)
            try delete(on: connection)
            let other = try makeStream()
            try store(.claim, epoch: 1, 0, 0, on: other)
            try store(.batch, epoch: 1, 0, 30, on: other)
            try store(.claim, epoch: 2, 30, 30, on: other)
            if hasLaterBatch { try store(.batch, epoch: 2, 30, 40, on: other) }
            let (records, statistics) = try await follow { $0.acceptsGaps = acceptsGaps }
            #expect(records.map(\.sequence.rawValue) == Array(1...(hasLaterBatch ? 40 : 30)) && statistics.gaps == 0)
        }

        @Test func aPurgedStreamIsSaid() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.batch, epoch: 1, 0, 10, on: connection)
            #expect(try await follow().records.count == 10)
            try store(.batch, epoch: 1, 10, 20, on: connection)
            let stream = StreamNames.stream(of: source, servers.configuration)
            _ = try connection.request("STREAM.PURGE.\(stream)", "", "purge")
            let error = await error { _ = try await follow() }
            #expect(error?.code == .foreignStream && error?.message.contains("purged") == true)
        }

        /// Removes all batches, of which the last one has the position. The stream keeps its claim.
        private func purgeBatches(on connection: StreamConnection) throws {
            _ = try connection.request(
                "STREAM.PURGE.\(StreamNames.stream(of: source, servers.configuration))",
                "{\"filter\":\"\(StreamNames.subject(of: source, .batch))\"}", "purge")
        }

        /// The stream looks read to its end, and lacks the records 11 to 20.
        @Test func aStreamWithoutItsLastMessageIsSaid() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.claim, epoch: 1, 0, 0, on: connection)
            try store(.batch, epoch: 1, 0, 10, on: connection)
            #expect(try await follow().records.count == 10)
            try store(.batch, epoch: 1, 10, 20, on: connection)
            try purgeBatches(on: connection)
            let error = await error { _ = try await follow() }
            #expect(error?.code == .foreignStream && error?.message.contains("lost its last message") == true)
            var named = servers.configuration
            named.stream = StreamNames.stream(of: source, servers.configuration)
            let unknown = await WALNATSTests.error { _ = try await StreamFollower.source(of: named) }
            #expect(unknown?.code == .foreignStream, "\(String(describing: unknown))")
        }

        @Test func aClaimAtTheEndShowsAGap() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            try store(.batch, epoch: 1, 0, 10, on: connection)
            #expect(try await follow().records.count == 10)
            try store(.batch, epoch: 1, 10, 20, on: connection)
            try store(.claim, epoch: 2, 20, 20, on: connection)
            try purgeBatches(on: connection)
            let error = await error { _ = try await follow() }
            #expect(error?.code == .gap, "\(String(describing: error))")
            let (records, statistics) = try await follow { $0.acceptsGaps = true }
            #expect(records.count == 10 && statistics.gaps == 1)
            #expect(try await follow().statistics.gaps == 0)
        }

        /// No consumer delivers the message that the reader waits for.
        @Test func aReaderOfAStreamThatLosesItsLastMessageEnds() async throws {
            let connection = try makeStream()
            try store(.claim, epoch: 1, 0, 0, on: connection)
            try store(.batch, epoch: 1, 0, 10, on: connection)
            try purgeBatches(on: connection)
            let reader = try StreamReader(
                servers.configuration, stream: StreamNames.stream(of: source, servers.configuration),
                subject: StreamNames.subjects(of: source), stallTimeout: .milliseconds(300))
            try await reader.move(after: nil)
            let error = await error {
                while true {
                    let messages = try await reader.messages()
                    if messages.isEmpty, try await reader.isAtEnd(askingAtOnce: true) { return }
                }
            }
            #expect(error?.code == .foreignStream, "\(String(describing: error))")
            await reader.close()
        }

        /// The sink's first claim is still to come.
        @Test func anEmptyStreamHasNoRecords() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            _ = try makeStream()
            #expect(try await follow().records == [])
        }

        @Test func aReplayGivesTheRecordsBeforeAGap() async throws {
            let connection = try makeStream()
            try store(.batch, epoch: 1, 0, 10, on: connection)
            try store(.batch, epoch: 1, 12, 20, on: connection)
            var configuration = servers.configuration
            configuration.stream = StreamNames.stream(of: source, servers.configuration)
            var replay = try await StreamReplay(configuration)
            #expect(try await replay.next(after: .zero)?.map(\.sequence.rawValue) == Array(1...10))
            let error = await error { _ = try await replay.next(after: 10) }
            #expect(error?.code == .gap)
            await replay.close()
        }

        private func delete(on connection: StreamConnection) throws {
            _ = try connection.request(
                "STREAM.DELETE.\(StreamNames.stream(of: source, servers.configuration))", "", "delete")
        }

        /// The consumer is deleted, and the stream has more messages.
        @Test func aStuckConsumerIsReplaced() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let connection = try makeStream()
            let stream = StreamNames.stream(of: source, servers.configuration)
            try store(.batch, epoch: 1, 0, 10, on: connection)
            let replica = try await open()
            var configuration = StreamFollower.Configuration(stream: servers.configuration)
            configuration.stallTimeout = .milliseconds(300)
            let follower = try StreamFollower(replica: replica, configuration: configuration)
            let running = Task { try await follower.run() }
            try await eventually { replica.position.sequence == 10 }
            // There may be none for a moment, because a busy server's consumer looks stuck, too.
            var consumers: [String] = []
            try await eventually(every: .milliseconds(20)) {
                let names = try request("CONSUMER.NAMES.\(stream)", "", to: servers.addresses[0])
                let list = try JSONSerialization.jsonObject(with: Data(names.utf8)) as? [String: Any]
                consumers = list?["consumers"] as? [String] ?? []
                return !consumers.isEmpty
            }
            for name in consumers {
                _ = try request("CONSUMER.DELETE.\(stream).\(name)", "", to: servers.addresses[0])
            }
            try store(.batch, epoch: 1, 10, 20, on: connection)
            try await eventually { replica.position.sequence == 20 }
            running.cancel()
            try await running.value
            try await replica.close()
            #expect(try replicated().map(\.sequence.rawValue) == Array(1...20))
        }

        /// The follower waits for an unreachable server, and continues automatically.
        @Test func aRestartedServerIsFollowedOn() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let own = try Servers()
            let sink = try JetStreamSink(own.configuration)
            var lanes = try await sink.claim(0..<1, of: 1, log: source)
            let first = batch([[1], [2]], lanes, of: source)
            _ = try await sink.apply(first)
            let replica = try await open()
            let follower = try StreamFollower(
                replica: replica, configuration: StreamFollower.Configuration(stream: own.configuration))
            let running = Task { try await follower.run() }
            try await eventually { replica.position.sequence == 2 }
            try own.signal(1, "KILL")
            try own.restart(1)
            lanes = try await claimLane(of: source, by: sink)
            _ = try await sink.apply(batch([[3]], lanes, of: source))
            try await eventually { replica.position.sequence == 3 }
            running.cancel()
            try await running.value
            try await replica.close()
            await sink.close()
            #expect(try replicated().map(\.payload) == [[1], [2], [3]])
        }

        /// Newer servers accept a consumer of the source's subjects, which delivers nothing.
        @Test func aStreamOfAnotherLogIsRefused() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let other = LogID.random()
            var configuration = servers.configuration
            configuration.stream = StreamNames.stream(of: other, configuration)
            let named = configuration
            let sink = try JetStreamSink(named)
            let lanes = try await sink.claim(0..<1, of: 1, log: other)
            _ = try await sink.apply(batch([[1]], lanes, of: other))
            await sink.close()
            let error = await error { _ = try await follow { $0.stream = named } }
            #expect(error?.code == .foreignStream, "\(String(describing: error))")
            #expect(error?.message.contains("\(other)") == true)
        }

        /// A follower needs more permissions than a sink.
        @Test func aMissingPermissionIsNamed() async throws {
            let denied = "$JS.API.CONSUMER.CREATE."
            let guarded = try Servers(denying: denied)
            let configuration = guarded.configurationOfUser
            let stream = StreamNames.stream(of: source, configuration)
            let connection = try StreamConnection(configuration)
            try connection.create(
                stream, subjects: StreamNames.subjects(of: source), replicas: 1, maxBytes: nil, isRolling: false,
                allowsAtomicBatches: false)
            let reader = try StreamReader(
                configuration, stream: stream, subject: StreamNames.subjects(of: source), stallTimeout: .seconds(2))
            // The refusal comes independently of the answers, and a busy server may send it only after the time limit.
            var error: JetStreamError?
            try await eventually {
                error = await WALNATSTests.error { _ = try await reader.messages() }
                return error?.code == .unauthorized
            }
            #expect(error?.description.contains(denied + stream) == true, "\(String(describing: error))")
            await reader.close()
        }

        @Test func whatIsMissingIsNamed() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let error = await error { _ = try await follow() }
            #expect(error?.code == .noStream && error?.message.contains("\(source)") == true)
            var unnamed = servers.configuration
            unnamed.stream = nil
            let noName = await WALNATSTests.error { _ = try await StreamFollower.source(of: unnamed) }
            #expect(noName?.code == .invalidOption)
        }
    }
#endif
