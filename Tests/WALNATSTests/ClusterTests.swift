#if NATS
    import Foundation
    import Testing
    import WAL
    import WALDelivery
    import WALTesting

    @testable import WALNATS

    /// Three servers, of which the leader is killed again and again.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(10))) struct ClusterTests {
        /// Each record of a log arrives in order and once, whatever happens to the leaders.
        @Test func recordsArriveInOrderAndOnceWhileLeadersDie() async throws {
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

            let rounds = ProcessInfo.processInfo.environment["WAL_LONG"] != nil ? 30 : 2
            let stream = StreamNames.stream(of: log.id, configuration)
            var last: SequenceNumber = .zero
            for round in 0..<rounds {
                for number in 0..<500 { last = try await log.append("record \(round) \(number)") }
                // In the middle of the round's work.
                try await flusher.waitUntilApplied(SequenceNumber(rawValue: last.rawValue - 400))
                let leader = try servers.leader(of: stream)
                guard leader > 0 else { continue }
                try servers.signal(leader, "KILL")
                for number in 0..<500 { last = try await log.append("record \(round) after \(number)") }
                try await flusher.waitUntilApplied(SequenceNumber(rawValue: last.rawValue - 300))
                try servers.restart(leader)
            }
            try await flusher.drain()
            delivery.cancel()
            _ = await delivery.result

            var expected: [[UInt8]] = []
            let reader = log.reader(from: 1)
            while let record = try reader.next() { expected.append(Array(record.payload)) }
            let found = try StreamReading(of: log.id, configuration).records
            #expect(found.map(\.sequence) == found.map(\.sequence).sorted())
            #expect(found.map { Array($0.payload) } == expected)
            try await log.close()
        }
    }
#endif
