import ArgumentParser
import WAL
import WALDelivery

#if NATS
    import WALNATS
#endif

/// A sink that gets a log besides the log's store: `nats://HOST`, a stream of NATS JetStream.
enum SinkArgument: ExpressibleByArgument, Sendable {
    case jetStream(url: String)
    /// Any other argument. `open` rejects it, because the parser would quote a rejected argument, which may contain a
    /// password.
    case unknown

    static let forms =
        "nats://HOST[:PORT][,HOST[:PORT]…][/STREAM][?replicas=N&max_bytes=N&granularity=batch|record&creds=FILE&ca=FILE&cert=FILE&key=FILE]"

    init(argument: String) {
        self = argument.hasPrefix("nats://") || argument.hasPrefix("tls://") ? .jetStream(url: argument) : .unknown
    }

    /// Makes the sink, which connects at its first use.
    func open() throws -> any Sink {
        #if NATS
            return try jetStream()
        #else
            throw Self.missing
        #endif
    }

    /// Reads the state of a log's stream. Changes nothing.
    func inspect(_ log: LogID) async throws -> StreamOverview {
        #if NATS
            let sink = try jetStream()
            do {
                let overview = StreamOverview(sink: sink.name, try await sink.health(of: log))
                await sink.close()
                return overview
            } catch {
                await sink.close()
                throw error
            }
        #else
            throw Self.missing
        #endif
    }

    #if NATS
        private func jetStream() throws -> JetStreamSink {
            let configuration = try configuration()
            do throws(JetStreamError) {
                return try JetStreamSink(configuration)
            } catch {
                throw ToolError(error)
            }
        }

        /// Reads the address.
        func configuration() throws -> JetStreamSink.Configuration {
            guard case .jetStream(let url) = self else {
                throw ToolError(.usage, "The argument is not a sink. Sinks are \(Self.forms).")
            }
            do throws(JetStreamError) {
                return try JetStreamSink.Configuration(url: url)
            } catch {
                throw ToolError(error)
            }
        }
    #else
        static let missing = ToolError(
            .usage, "This wal was built without NATS. Build it with --traits NATS.")
    #endif
}

#if NATS
    extension ToolError {
        /// Makes the error for a failure of a sink, or of a reader of a stream.
        init(_ error: JetStreamError) {
            let exit: ExitStatus =
                switch error.code {
                case .invalidOption: .usage
                case .gap: .damage
                default: .inputOutput
                }
            self.init(exit, error.description)
        }
    }
#endif
