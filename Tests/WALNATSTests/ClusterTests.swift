#if NATS
    import Foundation
    import Testing
    import WAL
    import WALDelivery
    import WALTesting

    @testable import WALNATS

    /// Three servers, of which the leader is killed or paused again and again.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(10))) struct ClusterTests {
        @Test func recordsArriveInOrderAndOnceWhileLeadersDie() async throws {
            try await deliver(while: "KILL") { servers, leader in try servers.restart(leader) }
        }

        /// A leader that wakes may believe for a moment that it still leads. Older servers replace an acknowledged message then.
        @Test(
            .enabled(
                if: ProcessInfo.processInfo.environment["NATS_SERVER"] != nil,
                "needs a current server in NATS_SERVER: Scripts/current-nats"))
        func recordsArriveInOrderAndOnceWhileLeadersPause() async throws {
            try await deliver(while: "STOP") { servers, leader in try servers.signal(leader, "CONT") }
        }

        /// Each record of a log arrives in order and once, whatever happens to the leaders; in a replica, too, which follows meanwhile.
        private func deliver(while signal: String, repair: (Servers, Int) throws -> Void) async throws {
            let servers = try Servers(nodes: 3)
            let directory = NSTemporaryDirectory() + "/nats-log-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            let configuration = servers.configuration
            let flusher = Flusher(
                log: log, sink: try JetStreamSink(configuration),
                configuration: Flusher.Configuration(batchSize: 50, maxBatchSize: 50)
            ) { _ in 0 }
            let delivery = Task { try await flusher.run() }
            let replica = try await LogReplica.open(at: directory + "-replica", of: log.id)
            defer { try? FileManager.default.removeItem(atPath: directory + "-replica") }
            var following: Task<Void, any Error>?

            let rounds = ProcessInfo.processInfo.environment["WAL_LONG"] != nil ? 30 : 2
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
                try servers.signal(leader, signal)
                for number in 0..<500 { last = try await log.append("record \(round) after \(number)") }
                try await flusher.waitUntilApplied(SequenceNumber(rawValue: last.rawValue - 300))
                try repair(servers, leader)
            }
            try await flusher.drain()
            delivery.cancel()
            _ = await delivery.result
            while replica.position.sequence < last { try await Task.sleep(for: .milliseconds(20)) }
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
