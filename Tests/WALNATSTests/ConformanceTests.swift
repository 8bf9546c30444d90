#if NATS
    import Foundation
    import Testing
    import WAL
    import WALDelivery
    import WALTesting

    @testable import WALNATS

    /// The conformance suite, with a server whose connections are cut and which is killed.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct ConformanceTests {
        struct Fixture: SinkFixture {
            let servers: Servers
            var granularity = JetStreamSink.Configuration.Granularity.batch
            /// The logs for which the sinks have made streams.
            let logs = Logs()

            /// A million random bytes.
            private static let noise = (0..<125_000).flatMap { _ in
                withUnsafeBytes(of: UInt64.random(in: 0 ... .max)) { Array($0) }
            }

            var largestBatch: LargestBatch {
                granularity == .record
                    ? LargestBatch(recordCount: StreamPublication.messagesMax, valueSize: 800_000) : LargestBatch()
            }

            private var configuration: JetStreamSink.Configuration {
                var configuration = servers.configuration
                configuration.granularity = granularity
                return configuration
            }

            func makeSink() async throws -> NotingSink { NotingSink(try JetStreamSink(configuration), logs) }

            func payload(for change: SinkChange) throws -> [UInt8]? {
                switch change {
                case .set(let key, let value): Array("set \(key) \(value)".utf8)
                case .delete(let key): Array("delete \(key)".utf8)
                case .event(let id, let key): Array("event \(key) \(id)".utf8)
                // No message can carry it, because random bytes don't compress.
                case .poison(let key): Array("poison \(key) ".utf8) + Self.noise
                }
            }

            func key(of payload: RawSpan) -> UInt64? {
                var hash: UInt64 = 14_695_981_039_346_656_037
                var spaces = 0
                for index in 0..<payload.byteCount {
                    let byte = payload.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    if byte == 32 { spaces += 1 }
                    if spaces == 2 { break }
                    if spaces == 1 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
                }
                return hash ^ hash >> 32
            }

            func contents() async throws -> SinkContents {
                var contents = SinkContents()
                for log in logs.all {
                    for record in try StreamReading(of: log, servers.configuration).records {
                        let words = String(decoding: record.payload, as: UTF8.self).split(separator: " ").map(
                            String.init)
                        switch words[0] {
                        case "set": contents.values[words[1]] = words[2]
                        case "delete": contents.values[words[1]] = nil
                        default: contents.events[words[2], default: 0] += 1
                        }
                    }
                }
                return contents
            }

            func makeSinkBehindProxy() async throws -> (sink: NotingSink, proxy: CuttingProxy)? {
                let proxy = try CuttingProxy(
                    listeningOn: .loopback(port: 0), forwardingTo: .loopback(port: servers.port))
                var configuration = configuration
                guard case .loopback(let port) = proxy.address else { return nil }
                configuration.servers = ["nats://127.0.0.1:\(port)"]
                configuration.timeout = .milliseconds(500)
                return (NotingSink(try JetStreamSink(configuration), logs), proxy)
            }

            func restartDestination() async throws -> Bool {
                try servers.signal(1, "KILL")
                try servers.restart(1)
                return true
            }
        }

        final class Logs: Sendable {
            private let logs = Monitor<Set<LogID>>([])
            var all: Set<LogID> { logs.withLock(\.self) }
            func note(_ log: LogID) { logs.withLock { _ = $0.insert(log) } }
        }

        /// A sink that records its logs. Each log has one stream.
        struct NotingSink: Sink {
            let base: JetStreamSink
            let logs: Logs
            var name: String { base.name }
            var maxConcurrency: Int { base.maxConcurrency }

            init(_ base: JetStreamSink, _ logs: Logs) {
                self.base = base
                self.logs = logs
            }

            func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
                logs.note(log)
                return try await base.claim(lanes, of: laneCount, log: log)
            }

            func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
                try await base.positions(of: lanes, log: log)
            }

            func apply(_ batch: SinkBatch) async throws -> SinkReceipt { try await base.apply(batch) }
            func classify(_ error: any Error) -> SinkFailure { base.classify(error) }
            func close() async { await base.close() }
        }

        @Test(arguments: SinkConformance.allCases)
        func sink(check: SinkConformance) async throws {
            let servers =
                check == .survivesRestarts
                ? try Servers() : try #require(Servers.shared, "the server doesn't start")
            let outcome = try await check.run(on: Fixture(servers: servers))
            #expect(outcome == .passed || check == .appliesLanesConcurrently)
        }

        /// Sends one message for each record, as an atomic batch.
        @Test(.needsCurrentServer, arguments: SinkConformance.allCases)
        func sinkOfSingleRecords(check: SinkConformance) async throws {
            let servers =
                check == .survivesRestarts
                ? try Servers(isCurrent: true) : try #require(Servers.currentShared, "the server doesn't start")
            let outcome = try await check.run(on: Fixture(servers: servers, granularity: .record))
            #expect(outcome == .passed || check == .appliesLanesConcurrently)
        }
    }
#endif
