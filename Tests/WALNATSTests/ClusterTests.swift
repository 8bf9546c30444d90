#if NATS
    import Foundation
    import func TestSupport.eventually
    import Testing
    import WAL
    import WALDelivery
    import WALTesting

    @testable import WALNATS

    /// Three servers. Their leader is repeatedly killed or paused, alone or with other servers.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct ClusterTests {
        /// The servers that fail in the middle of the work.
        enum Harm: CaseIterable {
            case leader, pair, all

            /// The nodes, beginning with the leader.
            func nodes(leader: Int) -> [Int] {
                (0..<(self == .leader ? 1 : self == .pair ? 2 : 3)).map { (leader - 1 + $0) % 3 + 1 }
            }
        }

        /// With the current server if there is one. On a busy machine, a leader that gets no processor time is like one that pauses.
        @Test(arguments: Harm.allCases)
        func recordsArriveInOrderAndOnceWhileServersDie(_ harm: Harm) async throws {
            try await deliver(to: try Servers(nodes: 3, isCurrent: Servers.currentIsThere), killing: harm)
        }

        /// A resumed leader may believe for a moment that it still leads. Older servers replace an acknowledged message then.
        @Test(.needsCurrentServer) func recordsArriveInOrderAndOnceWhileLeadersPause() async throws {
            try await deliver(to: try Servers(nodes: 3, isCurrent: true), killing: .leader, isPause: true)
        }

        /// The servers sync each message before they acknowledge it.
        @Test(.needsCurrentServer) func serversThatSyncAlwaysLoseNothing() async throws {
            let servers = try Servers(nodes: 3, isCurrent: true, jetStream: "sync_interval: always")
            try await deliver(to: servers, killing: .all, granularity: .record)
        }

        /// Each record of a log arrives once and in order while servers fail, in the stream and in a replica that follows it.
        private func deliver(
            to servers: Servers, killing harm: Harm, isPause: Bool = false,
            granularity: JetStreamSink.Configuration.Granularity = .batch
        ) async throws {
            let directory = NSTemporaryDirectory() + "/nats-log-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            var configuration = servers.configuration
            configuration.granularity = granularity
            // Requests to a paused leader get no answer.
            configuration.timeout = .seconds(5)
            let flusher = Flusher(
                log: log, sink: try JetStreamSink(configuration),
                configuration: Flusher.Configuration(batchSize: 50, maxBatchSize: 50)
            ) { _ in 0 }
            let delivery = Task { try await flusher.run() }
            let replica = try await LogReplica.open(at: directory + "-replica", of: log.id)
            defer { try? FileManager.default.removeItem(atPath: directory + "-replica") }
            var following: Task<Void, any Error>?

            let rounds = ProcessInfo.processInfo.environment["WAL_LONG"] != nil ? 30 : 1
            let stream = StreamNames.stream(of: log.id, configuration)
            var last: SequenceNumber = .zero
            for round in 0..<rounds {
                for number in 0..<500 { last = try await log.append("record \(round) \(number)") }
                // In the middle of the round's work.
                try await flusher.waitUntilApplied(SequenceNumber(rawValue: last.rawValue - 400))
                if following == nil {
                    let follower = try StreamFollower(replica: replica, configuration: .init(stream: configuration))
                    following = Task { try await follower.run() }
                }
                let leader = try servers.leader(of: stream)
                guard leader > 0 else { continue }
                let nodes = harm.nodes(leader: leader)
                for node in nodes { try servers.signal(node, isPause ? "STOP" : "KILL") }
                if harm != .leader { try servers.restart(nodes) }
                for number in 0..<500 { last = try await log.append("record \(round) after \(number)") }
                try await flusher.waitUntilApplied(SequenceNumber(rawValue: last.rawValue - 300))
                if isPause {
                    try servers.signal(leader, "CONT")
                } else if harm == .leader {
                    try servers.restart(leader)
                }
            }
            try await flusher.drain()
            delivery.cancel()
            _ = await delivery.result
            try await eventually { replica.position.sequence >= last }
            following?.cancel()
            try await following?.value
            try await replica.close()
            #expect(try hash(directory) == hash(directory + "-replica"))

            var expected: [[UInt8]] = []
            let reader = log.reader(from: 1)
            while let record = try reader.next() { expected.append(Array(record.payload)) }
            let found = try StreamReading(of: log.id, configuration).records
            #expect(found.map(\.sequence) == found.map(\.sequence).sorted())
            #expect(found.map { Array($0.payload) } == expected)
            try await log.close()
        }

        private func hash(_ directory: String) throws -> String {
            var hash = RecordHash()
            let reader = try ReadOnlyLog(at: directory).reader()
            while try reader.next({ hash.add($0) }) != nil {}
            return hash.hexadecimalDigest
        }
    }
#endif
