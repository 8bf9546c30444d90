public import WAL
public import WALTasks

/// The live page of a log and its JSON, without a server: a function from requests to responses.
///
/// `wal serve` has a server for it, and `WALMonitorServer` runs the page in your process. To mount the page in your own
/// server, pass that server's requests to ``respond(to:)``; the article <doc:TheLivePage> has the code.
public final class LogMonitor: Sendable {
    /// An action that a client may take on the dead letters of a store.
    public enum Action: String, Sendable, CaseIterable {
        /// Applies dead letters again.
        case redrive
        /// Removes dead letters without applying them.
        case discard
    }

    /// The settings of a monitor.
    public struct Configuration: Sendable {
        /// The log's name. Without it, the name is the last part of the directory's path.
        public var name: String?
        /// The version of your program, for the page and the metrics.
        public var version = ""
        /// The token that clients must present; see ``LogMonitor/makeToken()``. Without a token, the monitor answers
        /// every request that reaches it.
        public var token: String?
        /// The host names under which the page is served. IP addresses and `localhost` are always allowed.
        public var hosts: Set<String> = []
        /// The path under which the page is mounted, such as `/wal`.
        public var prefix = ""
        /// The part of payloads and error texts that the page shows.
        public var payloads = MonitorPayloads.redacted
        /// Returns whether ``MonitorPayloads/redacted`` hides the value of a key.
        public var isSecret: @Sendable (_ key: String) -> Bool = MonitorPayloads.isSecret
        /// The actions that clients may take. If it is empty, clients may only read.
        public var actions: Set<Action> = []
        /// The store whose dead letters and tasks the page shows.
        public var store: (any DeadLetterStore)?

        /// Makes a configuration with the default values.
        public init() {}
    }

    let configuration: Configuration
    let access: MonitorAccess
    let files: LogFiles
    let hub: EventHub
    let desk: LetterDesk?
    let decoder: RowDecoder
    /// The constant facts about the monitor, as JSON.
    let facts: [UInt8]

    /// Makes a monitor of a log whose writer runs in another process. Blocks while it opens the log's files.
    ///
    /// - Parameters:
    ///   - directory: The path of the log's directory.
    ///   - configuration: The settings.
    /// - Throws: The errors of opening a `ReadOnlyLog`; `WALError.Code.inputOutput` if the system can't start a thread.
    public convenience init(at directory: String, configuration: Configuration = Configuration()) throws(WALError) {
        try self.init(directory, nil, configuration)
    }

    /// Makes a monitor of a log that is open in this process. Blocks while it opens the log's files for reading.
    ///
    /// - Parameters:
    ///   - log: The log.
    ///   - configuration: The settings.
    /// - Throws: The errors of opening a `ReadOnlyLog`; `WALError.Code.inputOutput` if the system can't start a thread.
    public convenience init(_ log: WriteAheadLog, configuration: Configuration = Configuration()) throws(WALError) {
        try self.init(log.directory, log, configuration)
    }

    private init(_ directory: String, _ log: WriteAheadLog?, _ configuration: Configuration) throws(WALError) {
        var configuration = configuration
        while configuration.prefix.hasSuffix("/") { configuration.prefix.removeLast() }
        self.configuration = configuration
        access = MonitorAccess(
            token: configuration.token, hosts: configuration.hosts, prefix: configuration.prefix)
        decoder = RowDecoder(configuration.payloads, isSecret: configuration.isSecret)
        let files = try LogFiles(directory, name: configuration.name, openLog: log, decoder: decoder)
        let facts = Self.facts(configuration)
        self.files = files
        self.facts = facts
        let hub = EventHub { topics in await Self.look(files, facts, topics) }
        self.hub = hub
        desk = configuration.store.map { [decoder] in LetterDesk($0, files, decoder, hub) }
    }

    /// Returns a new token: 128 random bits as hexadecimal digits.
    public static func makeToken() -> String {
        var bytes: [UInt8] = []
        for _ in 0..<16 { bytes.append(hexadecimal: UInt8.random(in: 0...255)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Ends the events of all clients, so that a server can stop. Later requests for events are refused.
    public func stop() { hub.close() }

    /// Answers a request. Suspends while the monitor's own thread reads files.
    ///
    /// - Parameter request: The request.
    /// - Returns: The response. An error becomes a response with the status of the error.
    public func respond(to request: MonitorRequest) async -> MonitorResponse {
        var response: MonitorResponse
        do throws(MonitorFailure) {
            response = try await route(request)
        } catch {
            response = error.response
        }
        response.headers += Self.securityHeaders
        if !response.headers.contains(where: { $0.name == "Content-Security-Policy" }) {
            response.headers.append(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
        }
        return response
    }

    private static let securityHeaders: [(name: String, value: String)] = [
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    private static func facts(_ configuration: Configuration) -> [UInt8] {
        JSONText.object {
            $0.string("version", configuration.version)
            $0.string("payloads", configuration.payloads.rawValue)
            $0.array("actions") { array in
                // Without a store there are no letters to act on.
                guard configuration.store != nil else { return }
                for action in Action.allCases where configuration.actions.contains(action) {
                    array.string(nil, action.rawValue)
                }
            }
            $0.string("store", configuration.store?.name)
        }
    }

    // MARK: Looks

    /// The largest number of records of the tail that a client gets per second.
    private static let tailMax = 200

    private static func look(_ files: LogFiles, _ facts: [UInt8], _ topics: Set<EventHub.Topic>) async -> EventHub.Look
    {
        var look = EventHub.Look()
        do throws(WALError) {
            let snapshot = try await files.snapshot()
            look.status = StatusMembers.of(snapshot, monitor: facts)
            if topics.contains(.segments), let event = try await segmentEvent(files, snapshot) {
                look.events.append((.segments, "segments", event))
            }
            if topics.contains(.tail) {
                if let event = try await tailEvent(files, snapshot) { look.events.append((.tail, "tail", event)) }
            } else {
                await files.endTail()
            }
        } catch {
            look.status = StatusMembers.of(error, monitor: facts)
        }
        return look
    }

    private static func segmentEvent(_ files: LogFiles, _ snapshot: LogSnapshot) async throws(WALError) -> [UInt8]? {
        let (changed, removed) = try await files.changedSegments(snapshot.status)
        guard !changed.isEmpty || !removed.isEmpty else { return nil }
        return JSONText.object {
            $0.array("changed") { for segment in changed { segment.write(to: &$0, cursors: nil) } }
            $0.array("removed") { for number in removed { $0.number(nil, number) } }
        }
    }

    private static func tailEvent(_ files: LogFiles, _ snapshot: LogSnapshot) async throws(WALError) -> [UInt8]? {
        let (rows, skipped) = try await files.newRecords(through: snapshot.status.lastSequence, max: tailMax)
        guard !rows.isEmpty || skipped > 0 else { return nil }
        return JSONText.object {
            $0.number("skipped", skipped)
            $0.array("rows") { for row in rows { $0.json(nil, row) } }
        }
    }
}
