import ArgumentParser
import Logging
import WAL

#if NATS
    import WALNATS
#endif

struct Follow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keeps a replica of a log, from the log's stream on NATS JetStream.",
        discussion: """
            The replica has the log's records with their sequence numbers and times. It is made if it isn't there; then the address
            needs the name of the stream. A run that is killed continues exactly after the last record that the replica has.

            `wal hash` shows that the replica equals the log. `wal dump`, `wal tail` and `wal replay` read it. It takes no other
            records until `wal promote` makes it a log of its own.

            Follows until SIGINT or SIGTERM, which end it with exit code 0, or with --until-end up to the stream's last message.
            Standard error reports outages of the stream. If the stream lacks records that the replica needs, the exit code is 1;
            with --accept-gaps they are left out.

            Example: wal follow nats://n1,n2,n3/orders copy.wal --until-end && wal hash copy.wal
            """)

    @Argument(help: "The stream: \(SinkArgument.forms).") var stream: SinkArgument
    @Argument(help: "The replica's directory.", completion: .directory) var directory: String
    @Flag(help: "End at the stream's last message.") var untilEnd = false
    @Flag(help: "Leave out records that the stream lacks.") var acceptGaps = false
    @Option(help: "When records become durable: always, interval:5ms, bytes:1MiB or manual.")
    var sync = SyncPolicyArgument.standard
    @Flag(help: "Print the result as JSON.") var json = false

    #if NATS
        func run() async throws {
            let servers = try stream.configuration()
            let stop = try StopSignal()
            stop.catchSignals()
            defer { stop.releaseSignals() }
            do {
                let replica = try await open(servers, until: stop)
                var configuration = StreamFollower.Configuration(stream: servers)
                configuration.endsAtEnd = untilEnd
                configuration.acceptsGaps = acceptGaps
                let follower = try StreamFollower(
                    replica: replica, configuration: configuration, logger: StandardErrorLog.logger)
                let result = await stop.run { try await follower.run() }
                try await replica.close()
                try result.get()
                try print(replica, follower.statistics, stoppedBy: stop.signalName)
            } catch let error as JetStreamError {
                throw ToolError(error)
            }
        }

        private func open(_ servers: JetStreamSink.Configuration, until stop: StopSignal) async throws -> LogReplica {
            var configuration = WriteAheadLog.Configuration()
            configuration.syncPolicy = sync.policy
            let source: LogID
            if let known = try? ReadOnlyLog(at: directory).replicatedLog {
                source = known
            } else {
                source = try await Self.source(of: servers, until: stop)
            }
            return try await LogReplica.open(
                at: directory, of: source, configuration: configuration, logger: StandardErrorLog.logger)
        }

        /// Returns the log whose records the stream has. Like a follower, waits while the servers are unreachable or
        /// have no leader.
        private static func source(
            of servers: JetStreamSink.Configuration, until stop: StopSignal
        ) async throws -> LogID {
            var isReported = false
            while true {
                do {
                    return try await StreamFollower.source(of: servers)
                } catch {
                    if stop.signalName != nil { throw ExitCode.success }
                    guard StreamFollower.isTransient(error) else { throw error }
                    if !isReported {
                        StandardErrorLog.logger.warning(
                            "can't ask the stream for its log; tries again", metadata: ["wal.error": "\(error)"])
                    }
                    isReported = true
                    try await Task.sleep(for: .seconds(1))
                }
            }
        }

        private func print(
            _ replica: LogReplica, _ statistics: StreamFollower.Statistics, stoppedBy signal: String?
        ) throws {
            let result = JSON.object([
                ("log_id", .string(replica.id.description)),
                ("replica_of", .string(replica.source.description)),
                ("last_sequence", JSON(replica.position.sequence.rawValue)),
                ("records", JSON(statistics.records)),
                ("messages", JSON(statistics.messages)),
                ("skipped_messages", JSON(statistics.olderEpochs + statistics.known)),
                ("gaps", JSON(statistics.gaps)),
                ("renewed_consumers", JSON(statistics.renewals)),
                ("stopped_by", JSON(signal)),
            ])
            let text = Table.pairs([
                ("replica", "\(directory), id \(replica.id), of \(replica.source)"),
                ("position", "record \(replica.position.sequence)"),
                ("read now", "\(statistics.records) records in \(statistics.messages) messages"),
            ])
            try StandardOutput.print(json ? result.description : text)
        }
    #else
        func run() async throws {
            throw SinkArgument.missing
        }
    #endif
}
