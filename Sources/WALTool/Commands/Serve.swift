import ArgumentParser
import CWALShims
import WALMonitor
import WALTasks

#if Monitor
    import ServiceLifecycle
    import UnixSignals
    import WALMonitorServer
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves a page that shows a log live, its metrics, and its state as JSON.",
        discussion: """
            Works while a writer runs, in another process of the same user. Prints the page's address, with a token that the browser keeps
            as a cookie: other users of the machine don't have it. Listens on 127.0.0.1 and ::1 only, unless --listen says otherwise.
            Prometheus reads /metrics with the token in its credentials_file. Nothing can be changed without --allow.

            Ends on SIGINT and SIGTERM, with exit code 0.

            Example: wal serve events.wal --store sqlite:events.db --allow redrive
            """)

    @Argument(help: "The log's directory.", completion: .directory) var directory: String
    @Option(help: "The port; 0 for a free one.") var port = 7077
    @Option(help: "An address to listen on, instead of 127.0.0.1 and ::1. Can be repeated.") var listen: [String] = []
    @Option(help: "A host name under which the page is reached, besides addresses and localhost. Can be repeated.")
    var host: [String] = []
    @Option(help: "A file with the token. It is made if it doesn't exist.", completion: .file()) var tokenFile: String?
    @Option(help: "none, sizes, redacted (without the values of secret keys) or full.")
    var payloads = MonitorPayloads.redacted
    @Option(help: "The store whose tasks and dead letters are shown: \(StoreArgument.forms).") var store: StoreArgument?
    @Option(help: "What the page may do with the store's dead letters: redrive or discard. Can be repeated.")
    var allow: [LogMonitor.Action] = []

    func validate() throws {
        guard UInt16(exactly: port) != nil else { throw ValidationError("--port is 0 to 65535.") }
        if !allow.isEmpty, store == nil { throw ValidationError("--allow needs --store.") }
    }

    #if Monitor
        /// The time that running requests have to end.
        private static let shutdownMax: Duration = .seconds(5)

        func run() async throws {
            var configuration = LogMonitor.Configuration()
            configuration.version = Version.number
            configuration.hosts = Set(host)
            configuration.payloads = payloads
            configuration.actions = Set(allow)
            let token = try tokenFile.map { try TokenFile.token(at: $0) } ?? LogMonitor.makeToken()
            configuration.token = token
            let opened = try await store?.openLetters(workers: 1)
            configuration.store = opened
            let monitor = try LogMonitor(at: directory, configuration: configuration)
            var addresses = MonitorServer.Configuration()
            addresses.port = port
            if !listen.isEmpty { addresses.addresses = listen }
            // A client that has disconnected must not end the process.
            signal(SIGPIPE, SIG_IGN)
            let first = addresses.addresses[0]
            let isTokenShown = tokenFile == nil
            let server = MonitorServer(monitor, configuration: addresses, logger: StandardErrorLog.logger) { port in
                let name = first.contains(":") ? "[\(first)]" : first
                // If nothing reads the output, the page is still served.
                try? StandardOutput.print("http://\(name):\(port)/\(isTokenShown ? "#t=\(token)" : "")")
                cwal_notify_ready()
            }
            var group = ServiceGroupConfiguration(
                services: [server], gracefulShutdownSignals: [.sigint, .sigterm], logger: StandardErrorLog.logger)
            group.maximumGracefulShutdownDuration = Self.shutdownMax
            do {
                try await ServiceGroup(configuration: group).run()
            } catch {
                throw ToolError(.inputOutput, "The page can't be served on port \(port): \(error)")
            }
            try await opened?.close()
        }
    #else
        func run() async throws {
            throw ToolError(.usage, "This wal was built without Monitor. Build it with --traits Monitor.")
        }
    #endif
}
