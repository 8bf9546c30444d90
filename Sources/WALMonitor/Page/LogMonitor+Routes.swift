internal import WAL
internal import WALDelivery
internal import WALFlow
internal import WALTasks

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension LogMonitor {
    private struct Route: Sendable {
        var method = "GET"
        /// Whether the route needs no token.
        var isOpen = false
        var body: @Sendable (LogMonitor, MonitorRequest) async throws -> MonitorResponse
    }

    private static let api = "/api/v1"

    private static let routes: [String: Route] = [
        "/": Route(isOpen: true) { _, _ in Page.response },
        "/healthz": Route(isOpen: true) { _, _ in .text(200, "ok") },
        "/readyz": Route(isOpen: true) { try await $0.readiness($1) },
        "/metrics": Route { try await $0.metrics($1) },
        api + "/session": Route(method: "POST", isOpen: true) { try $0.session($1) },
        api + "/status": Route { try await $0.status($1) },
        api + "/segments": Route { try await $0.segments($1) },
        api + "/recovery": Route { monitor, _ in try await monitor.recovery() },
        api + "/records": Route { try await $0.records($1) },
        api + "/tasks": Route { try await $0.tasks($1) },
        api + "/activities": Route { try await $0.activities($1) },
        api + "/dead-letters": Route { try await $0.deadLetters($1) },
        api + "/dead-letters/redrive": Route(method: "POST") { try await $0.act(.redrive, $1) },
        api + "/dead-letters/discard": Route(method: "POST") { try await $0.act(.discard, $1) },
        api + "/flows": Route { try await $0.flows($1) },
        api + "/events": Route { try $0.events($1) },
    ]

    func route(_ request: MonitorRequest) async throws(MonitorFailure) -> MonitorResponse {
        try access.requireHost(request)
        guard request.path.hasPrefix(configuration.prefix) else { throw Self.notFound }
        let path = request.path.dropFirst(configuration.prefix.count)
        if path.isEmpty, !configuration.prefix.isEmpty {
            return MonitorResponse(
                308, "text/plain", .bytes([]), headers: [("Location", configuration.prefix + "/")])
        }
        guard let route = Self.routes[String(path)] else { throw Self.notFound }
        let isRead = route.method == "GET"
        guard request.method == route.method || isRead && request.method == "HEAD" else {
            throw MonitorFailure(
                405, "method", "Use \(route.method).", headers: [("Allow", isRead ? "GET, HEAD" : route.method)])
        }
        if !isRead { try access.requireSameOrigin(request) }
        guard route.isOpen || access.isAuthorized(request) else { throw Self.unauthorized }
        do {
            return try await route.body(self, request)
        } catch let failure as MonitorFailure {
            throw failure
        } catch let error as WALError {
            throw MonitorFailure(503, "\(error.code)", error.message)
        } catch {
            throw LetterDesk.failure(error, decoder)
        }
    }

    private static let notFound = MonitorFailure(404, "notFound", "There is nothing at this path.")
    private static let unauthorized = MonitorFailure(
        401, "token", "Open the page with its token, or send the header Authorization: Bearer TOKEN.",
        headers: [("WWW-Authenticate", "Bearer")])

    // MARK: Process

    private func readiness(_ request: MonitorRequest) async throws -> MonitorResponse {
        let snapshot = try await files.snapshot()
        let hasGivenUp = snapshot.status.sinks.contains { [.fenced, .detached, .stopped].contains($0.state) }
        let isReady = snapshot.isUp && snapshot.status.refusal == nil && !hasGivenUp
        return .text(isReady ? 200 : 503, isReady ? "ready" : "not ready")
    }

    private func status(_ request: MonitorRequest) async throws -> MonitorResponse {
        let numbers = request.query["integers"] == "numbers"
        let members = StatusMembers.of(try await files.snapshot(), monitor: facts, numbers: numbers)
        return MonitorResponse(200, "application/json", .bytes(ExactJSON.object(members)))
    }

    private func metrics(_ request: MonitorRequest) async throws -> MonitorResponse {
        let form = MetricsText.Form(accept: request.value(of: "accept"))
        let text = MetricsText([try await files.snapshot()], version: configuration.version).text(form)
        return MonitorResponse(200, form.contentType, .bytes(Array(text.utf8)))
    }

    private struct SessionBody: Decodable {
        var token: String
    }

    private func session(_ request: MonitorRequest) throws -> MonitorResponse {
        let body = try Self.decode(SessionBody.self, request)
        guard access.isToken(body.token) else { throw Self.unauthorized }
        return MonitorResponse(
            200, "application/json", .bytes(Array("{}".utf8)), headers: [("Set-Cookie", access.cookie(for: request))])
    }

    private static func decode<Body: Decodable>(_ type: Body.Type, _ request: MonitorRequest) throws -> Body {
        guard request.body.count <= MonitorRequest.bodySizeMax else {
            throw MonitorFailure(413, "size", "The body has more than \(MonitorRequest.bodySizeMax) bytes.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(request.body))
        } catch {
            throw MonitorFailure(400, "body", "The body isn't the JSON of this request.")
        }
    }

    private func events(_ request: MonitorRequest) throws -> MonitorResponse {
        let names = request.query["topics"]?.split(separator: ",").map(String.init) ?? ["status"]
        let topics = names.compactMap(EventHub.Topic.init(rawValue:))
        guard !topics.isEmpty, topics.count == names.count else {
            throw MonitorFailure.badParameter("topics", "a list of status, segments, tail and jobs")
        }
        // A request for the headers doesn't subscribe.
        if request.method == "HEAD" { return MonitorResponse(200, "text/event-stream", .bytes([])) }
        guard let events = hub.subscribe(Set(topics)) else {
            throw MonitorFailure(503, "clients", "The monitor has \(EventHub.clientsMax) clients. Close one.")
        }
        return MonitorResponse(200, "text/event-stream", .events(events), headers: [("X-Accel-Buffering", "no")])
    }

    // MARK: Log

    private func segments(_ request: MonitorRequest) async throws -> MonitorResponse {
        let query = request.query
        let after = try Self.number("after", query) ?? 0
        let limit = try Self.limit(query, max: 10_000, default: 10_000)
        let cursors = try await files.snapshot().status.cursors
        let all = try await files.allSegments()
        let page = all.filter { $0.number > after }.prefix(limit)
        return .json {
            $0.number("total", all.count)
            $0.array("segments") { for segment in page { segment.write(to: &$0, cursors: cursors) } }
        }
    }

    private func recovery() async throws -> MonitorResponse {
        let last = try await files.recovery()
        let decoder = decoder
        return .json {
            $0.number("count", last?.count ?? 0)
            $0.array("findings") {
                for finding in last?.findings ?? [] {
                    $0.object {
                        $0.string("classification", finding.classification.rawValue)
                        $0.bool("is_acknowledged", finding.isAcknowledged)
                        $0.number("segment", finding.segment)
                        $0.number("offset", finding.offset)
                        $0.number("bytes", finding.byteCount)
                        $0.string("first_sequence", finding.sequences.map { "\($0.lowerBound.rawValue)" })
                        $0.string("last_sequence", finding.sequences.map { "\($0.upperBound.rawValue)" })
                        $0.string("evidence", finding.evidence)
                        $0.string("kept_at", decoder.shown(finding.keptAt))
                    }
                }
            }
        }
    }

    private static let fieldNames = ["task", "dag", "node", "status", "level", "label", "action"]

    private func search(_ query: [String: String]) throws -> RecordSearch {
        var search = RecordSearch()
        search.limit = try Self.limit(query, max: RecordSearch.rowsMax, default: 100)
        if let from = try Self.number("from", query) {
            search.start = .from(SequenceNumber(rawValue: from))
        } else if let text = query["since"] {
            guard let time = Timestamp(text) else {
                throw MonitorFailure.badParameter("since", "a time such as 2026-01-31T22:38:44Z")
            }
            search.start = .since(time)
        } else {
            search.start = .before(try Self.number("before", query).map { SequenceNumber(rawValue: $0) })
        }
        search.contains = query["contains"].flatMap { $0.isEmpty ? nil : $0 }
        for name in Self.fieldNames { if let value = query[name], !value.isEmpty { search.fields[name] = value } }
        return search
    }

    private func records(_ request: MonitorRequest) async throws -> MonitorResponse {
        let query = request.query
        var search = try search(query)
        if let kind = query["kind"], !kind.isEmpty {
            guard let kind = RecordRow.Kind(rawValue: kind) else {
                throw MonitorFailure.badParameter("kind", "task, activity, change, line, flow or record")
            }
            search.kinds = [kind]
        }
        return try await response(search)
    }

    private func tasks(_ request: MonitorRequest) async throws -> MonitorResponse {
        var query = request.query
        query["task"] = query["id"] ?? query["task"]
        return try await rows(.task, query, indices: ["task", "dag", "status"]) { store, search, offset in
            try await tasks(of: store, search, offset: offset).map { decoder.row($0) }
        }
    }

    /// Returns a page of the tasks that an index of the store finds. The other conditions aren't applied.
    private func tasks(of store: any TaskStore, _ search: RecordSearch, offset: Int) async throws -> [PersistentTask] {
        if let id = search.fields["task"] { return try await store.task(id: id).map { [$0] } ?? [] }
        if let dag = search.fields["dag"] {
            return try await store.tasks(dagID: dag, limit: StoreSearch.pageMax, offset: offset)
        }
        guard let status = search.fields["status"].flatMap(TaskStatus.init(rawValue:)) else {
            throw MonitorFailure.badParameter("status", "pending, running, completed, failed or cancelled")
        }
        return try await store.tasks(status: status, limit: StoreSearch.pageMax, offset: offset)
    }

    private func activities(_ request: MonitorRequest) async throws -> MonitorResponse {
        try await rows(.activity, request.query, indices: ["task", "dag"]) { store, search, offset in
            try await activities(of: store, search, offset: offset).map { decoder.row($0) }
        }
    }

    /// Returns a page of the activities of a task or a DAG. The other conditions aren't applied.
    private func activities(
        of store: any TaskStore, _ search: RecordSearch, offset: Int
    ) async throws -> [TaskActivityLog] {
        if let task = search.fields["task"] {
            return try await store.activities(taskID: task, limit: StoreSearch.pageMax, offset: offset)
        }
        return try await store.activities(
            dagID: search.fields["dag"] ?? "", limit: StoreSearch.pageMax, offset: offset)
    }

    private func response(_ search: RecordSearch) async throws -> MonitorResponse {
        let result = try await files.records(search)
        return .json {
            $0.string("source", "log")
            $0.number("window", RecordSearch.windowMax)
            $0.number("scanned", result.scanned)
            $0.string("stopped", result.stopped.rawValue)
            $0.string("next", result.next.map { "\($0.rawValue)" })
            $0.array("rows") { for row in result.rows { $0.json(nil, row) } }
        }
    }

    /// Searches the rows of a kind: those of a store, if one of its indices helps, and else those of the log. `page`
    /// returns the rows that an index of the store finds, from an offset on.
    private func rows(
        _ kind: RecordRow.Kind, _ query: [String: String], indices: [String],
        page: (any TaskStore, RecordSearch, _ offset: Int) async throws -> [RecordRow]
    ) async throws -> MonitorResponse {
        var search = try search(query)
        search.kinds = [kind]
        let isByIndex = indices.contains { search.fields[$0] != nil }
        guard let store = desk?.store, isByIndex, query["before"] == nil else { return try await response(search) }
        var found = StoreSearch(search)
        while found.stopped == nil { found.take(try await page(store, search, found.scanned)) }
        return .json {
            $0.string("source", "store")
            $0.number("scanned", found.scanned)
            $0.string("stopped", found.stopped?.rawValue)
            $0.string("next", nil)
            $0.array("rows") { for row in found.rows { $0.json(nil, row.json) } }
        }
    }

    // MARK: Dead letters

    /// The number of a store's letters that can be shown, the newest ones. Older letters are counted, and actions with
    /// a filter reach them.
    private static let lettersMax = 10_000

    private func deadLetters(_ request: MonitorRequest) async throws -> MonitorResponse {
        let query = request.query
        let limit = try Self.limit(query, max: 500, default: 100)
        let skipped = Int(clamping: try Self.number("skip", query) ?? 0)
        let selection = LetterDesk.Selection(
            sink: Self.text("sink", query), code: Self.text("code", query), text: Self.text("text", query))
        let kept = try await files.deadLetters()
        var letters = kept.rows.filter(selection.accepts)
        let keptCount = letters.count
        var (inStore, failure): (Int, String?) = (0, nil)
        if let desk {
            do throws(MonitorFailure) {
                let stored = try await desk.letters(selection, max: Self.lettersMax)
                inStore = stored.count
                letters += stored.rows
            } catch {
                // The letters beside the log are shown although the store failed.
                failure = error.message
            }
        }
        letters.sort { $0.sequence > $1.sequence }
        let page = letters.dropFirst(skipped).prefix(limit)
        return .json {
            $0.number("total", keptCount + inStore)
            $0.number("in_store", inStore)
            $0.string("damage", kept.damage)
            $0.string("store_error", failure)
            $0.array("rows") { for letter in page { letter.write(to: &$0) } }
        }
    }

    private struct ActionBody: Decodable {
        struct Filter: Decodable {
            var sink: String?
            var code: String?
            var text: String?
        }
        var sequences: [String]?
        var filter: Filter?
        var expected: Int
    }

    private func act(_ action: Action, _ request: MonitorRequest) async throws -> MonitorResponse {
        guard configuration.actions.contains(action) else {
            throw MonitorFailure(403, "action", "This isn't allowed. Allow it with --allow \(action.rawValue).")
        }
        guard let desk else {
            throw MonitorFailure(409, "store", "There is no store. Name one with --store STORE.")
        }
        let body = try Self.decode(ActionBody.self, request)
        // Without a required condition, a mistaken request would act on all letters.
        guard body.sequences != nil || body.filter != nil else {
            throw MonitorFailure(400, "body", "Name sequences, or a filter. An empty filter takes all dead letters.")
        }
        let selection = LetterDesk.Selection(
            sequences: body.sequences.map(Set.init), sink: body.filter?.sink, code: body.filter?.code,
            text: body.filter?.text)
        let job = try await desk.start(action, selection, expected: body.expected)
        return .json(202) { $0.number("job", job) }
    }

    // MARK: Flows

    private static let flowRecordsMax = 200_000
    private static let flowsMax = 200

    private func flows(_ request: MonitorRequest) async throws -> MonitorResponse {
        let (table, isWhole) = try await files.flows(recordsMax: Self.flowRecordsMax)
        let wanted = Self.text("task", request.query)
        let tasks = table.tasks.values.filter { wanted == nil || $0.id == wanted }
            .sorted { ($0.beginning?.createdAt.rawValue ?? 0, $0.id) > ($1.beginning?.createdAt.rawValue ?? 0, $1.id) }
        let now = Timestamp.now
        let decoder = decoder
        return .json {
            $0.bool("is_whole", isWhole)
            $0.number("total", tasks.count)
            $0.array("tasks") {
                for task in tasks.prefix(Self.flowsMax) {
                    let shape = table.graphs[task.graph] ?? task.beginning.flatMap { table.newestGraphs[$0.dag] }
                    Self.write(task, shape, now, decoder, isAlone: wanted != nil, to: &$0)
                }
            }
        }
    }

    private static func write(
        _ task: TaskJournal, _ shape: GraphShape?, _ now: Timestamp, _ decoder: RowDecoder, isAlone: Bool,
        to text: inout JSONText
    ) {
        text.object {
            $0.string("task", task.id)
            $0.string("dag", task.beginning?.dag)
            $0.string("created_at", task.beginning?.createdAt.description)
            $0.number("failed_attempts", task.retryCount)
            $0.string("reason", decoder.shown(TaskView.reason(task, shape, now: now)))
            guard let shape else { return }
            let view = TaskView(task)
            var counts: [String: Int] = [:]
            for state in view.states(of: shape).values { counts[state.rawValue, default: 0] += 1 }
            $0.object("nodes") {
                for (state, count) in counts.sorted(by: { $0.key < $1.key }) { $0.number(state, count) }
            }
            if isAlone { $0.string("picture", shape.picture(of: view, as: .svg)) }
        }
    }

    // MARK: Parameters

    private static func text(_ name: String, _ query: [String: String]) -> String? {
        query[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func number(_ name: String, _ query: [String: String]) throws(MonitorFailure) -> UInt64? {
        guard let text = text(name, query) else { return nil }
        guard let number = UInt64(text) else { throw MonitorFailure.badParameter(name, "a number") }
        return number
    }

    private static func limit(_ query: [String: String], max: Int, default value: Int) throws(MonitorFailure) -> Int {
        guard let limit = try number("limit", query) else { return value }
        guard (1...UInt64(max)).contains(limit) else {
            throw MonitorFailure.badParameter("limit", "a number from 1 to \(max)")
        }
        return Int(limit)
    }
}
