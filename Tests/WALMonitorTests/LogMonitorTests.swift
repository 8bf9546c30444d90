import Foundation
import TestSupport
import Testing
import WALTasks

@testable import WAL
@testable import WALDelivery
@testable import WALFlow
@testable import WALMonitor

/// The page must not show a log to users whom the files' modes exclude.
@Suite struct LogMonitorTests {
    private let directory = TemporaryDirectory()
    private static let token = "0123456789abcdef0123456789abcdef"

    /// A log with these payloads, and a monitor for it.
    private func monitor(
        _ payloads: [[UInt8]] = [[1]], _ change: (inout LogMonitor.Configuration) -> Void = { _ in }
    ) async throws -> LogMonitor {
        let log = try await WriteAheadLog.open(at: directory.path)
        for payload in payloads { try await log.append(payload) }
        try await log.close()
        var configuration = LogMonitor.Configuration()
        configuration.token = Self.token
        change(&configuration)
        return try LogMonitor(at: directory.path, configuration: configuration)
    }

    private func request(
        _ target: String, _ method: String = "GET", host: String? = "127.0.0.1:7077", bearer: String? = token,
        _ headers: [String: String] = [:], body: String = ""
    ) -> MonitorRequest {
        var all = headers.map { (name: $0.key, value: $0.value) }
        if let host { all.append(("Host", host)) }
        if let bearer { all.append(("Authorization", "Bearer \(bearer)")) }
        return MonitorRequest(method: method, target: target, headers: all, body: Array(body.utf8))
    }

    private func bytes(_ response: MonitorResponse) throws -> [UInt8] {
        guard case .bytes(let bytes) = response.body else { throw CocoaError(.featureUnsupported) }
        return bytes
    }

    private func json(_ monitor: LogMonitor, _ target: String) async throws -> [String: Any] {
        let response = await monitor.respond(to: request(target))
        let body = try bytes(response)
        #expect(response.status == 200, "\(target): \(String(decoding: body, as: UTF8.self))")
        return try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }

    private static let reads = [
        "/", "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/segments", "/api/v1/recovery",
        "/api/v1/records",
        "/api/v1/tasks", "/api/v1/activities", "/api/v1/dead-letters", "/api/v1/flows", "/api/v1/events",
    ]
    private static let changes = ["/api/v1/session", "/api/v1/dead-letters/redrive", "/api/v1/dead-letters/discard"]

    /// The monitor reads what is new. A letter that is gone must not stay on the page, and in the metrics, for ever.
    @Test func lettersThatAreSettledAreGone() async throws {
        let monitor = try await monitor()
        let letters = DeadLetterLog.of(logDirectory: directory.path)
        let all = (1...3).map { Self.letter($0, payload: [1]) }
        func shown() async throws -> [Int?] {
            let status = try await json(monitor, "/api/v1/status")
            let kept = status["kept_dead_letters"] as? [String: Any]
            let count = (kept?["orders"] as? NSNumber)?.intValue ?? (kept?["orders"] as? String).flatMap { Int($0) }
            return [count, (try await json(monitor, "/api/v1/dead-letters")["total"] as? NSNumber)?.intValue]
        }
        for letter in all { try await letters.append(letter) }
        #expect(try await shown() == [3, 3])
        try await letters.discard([all[1]])
        #expect(try await shown() == [2, 2])
        try await letters.discard(all)
        #expect(try await shown() == [nil, 0])
    }

    /// Damage among the letters must neither hide the others nor be forgotten by the list, and no look counts a letter again.
    @Test(arguments: [UInt8(1), 2, 3]) func damageAmongLettersIsReportedBesideThem(_ damaged: UInt8) async throws {
        let monitor = try await monitor()
        let letters = DeadLetterLog.of(logDirectory: directory.path)
        for number: UInt8 in 1...3 {
            try await letters.append(Self.letter(number, payload: Array(repeating: number, count: 100)))
        }
        let path = directory.path + "/dead-letters/00000000000000000001.wal"
        let place = try #require(
            try Data(contentsOf: URL(filePath: path)).range(of: Data(repeating: damaged, count: 100)))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seek(toOffset: UInt64(place.lowerBound))
        try file.write(contentsOf: Data([0]))
        for _ in 0..<3 {
            let status = try await json(monitor, "/api/v1/status")
            let kept = try #require(status["kept_dead_letters"] as? [String: Any])
            #expect("\(kept["orders"] ?? "")" == "2")
            let list = try await json(monitor, "/api/v1/dead-letters")
            #expect(list["total"] as? Int == 2)
            let damage = try #require(list["damage"] as? String)
            #expect(damage.contains("record \(damaged) ") || damage.contains("records from \(damaged) "), "\(damage)")
        }
    }

    private static func letter(_ number: UInt8, payload: [UInt8]) -> DeadLetterRecord {
        DeadLetterRecord(
            sequence: SequenceNumber(rawValue: UInt64(number)), time: .now, sink: "orders", code: "c", reason: "r",
            payload: payload)
    }

    /// A monitor must not show the letters and records of a log that was moved away.
    @Test func aLogThatWasReplacedIsReadAnew() async throws {
        let monitor = try await monitor()
        try await DeadLetterLog.of(logDirectory: directory.path).append(
            DeadLetterRecord(sequence: 1, time: .now, sink: "orders", code: "c", reason: "r", payload: [1]))
        #expect(try await json(monitor, "/api/v1/dead-letters")["total"] as? Int == 1)
        let moved = TemporaryDirectory()
        try? FileManager.default.removeItem(atPath: moved.path)
        try FileManager.default.moveItem(atPath: directory.path, toPath: moved.path)
        let log = try await WriteAheadLog.open(at: directory.path)
        try await log.append([2])
        try await log.close()
        _ = try await json(monitor, "/api/v1/status")
        #expect(try await json(monitor, "/api/v1/dead-letters")["total"] as? Int == 0)
    }

    /// Another program may write a forged status into the directory.
    @Test func forgedFiguresEndNoMonitor() async throws {
        _ = try await monitor()
        let files = try LogFiles(directory.path, name: nil, openLog: nil, decoder: RowDecoder(.full) { _ in false })
        var status = try LogSnapshot(ReadOnlyLog(at: directory.path)).status
        status.segments.prepared = -1
        status.disk.bytes = -1
        _ = try await files.changedSegments(status)
        for _ in 0..<2 {
            #expect(try await files.newRecords(through: SequenceNumber(rawValue: .max), max: 10).rows.isEmpty)
        }
    }

    /// A promotion skips 2^40 numbers. A segment after them may have a damaged header, which has no numbers.
    @Test(arguments: [false, true]) func recordsBeforeASkippedRangeAreFoundAtOnce(_ isDamaged: Bool) async throws {
        let replica = try await LogReplica.open(at: directory.path, of: LogID.random())
        var batch = LogReplica.Batch()
        for number: UInt64 in 1...150 {
            batch.append(
                [UInt8(number)].span.bytes, sequence: SequenceNumber(rawValue: number),
                time: Timestamp(rawValue: Int64(number)))
        }
        try await replica.append(batch, to: LogReplica.Position(sequence: 150, epoch: 1))
        try await replica.close()
        _ = try await LogReplica.promote(at: directory.path, above: SequenceNumber(rawValue: 1 << 40))
        let monitor = try await monitor()
        var newest: UInt64 = (1 << 40) + 1
        if isDamaged {
            let log = try await WriteAheadLog.open(at: directory.path)
            try await log.append([2])
            try await log.close()
            for segment in try ReadOnlyLog(at: directory.path).segments
            where segment.firstSequence.rawValue == newest {
                try FileHandle(forWritingTo: URL(filePath: segment.path)).write(contentsOf: Data(count: 1024))
            }
            newest += 1
        }
        var sequences: [String] = []
        var next: String? = nil
        repeat {
            let page = try await json(monitor, "/api/v1/records?limit=100" + (next.map { "&before=\($0)" } ?? ""))
            sequences += try #require(page["rows"] as? [[String: Any]]).compactMap { $0["sequence"] as? String }
            next = page["next"] as? String
            try #require(sequences.count >= 100)
        } while next != nil
        #expect(sequences == ["\(newest)"] + (1...150).reversed().map { "\($0)" })
    }

    // MARK: Access

    @Test func otherHostNamesAreRefusedOnEachRoute() async throws {
        let monitor = try await monitor { $0.hosts = ["Wal.Example"] }
        for target in Self.reads + Self.changes + ["/nothing"] {
            for host in ["evil.example", "evil.example:7077", nil] {
                #expect(await monitor.respond(to: request(target, host: host)).status == 403, "\(target) \(host ?? "")")
            }
        }
        for host in [
            "", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.256", "1.2.3", "[::1", "[::1]x", "[evil]",
            "localhost:", "localhost:99999", "evil.example:80@127.0.0.1", "127.0.0.1, evil.example", "localhost ",
        ] {
            #expect(await monitor.respond(to: request("/healthz", host: host)).status == 403, "\(host)")
        }
        var twice = request("/healthz")
        twice.headers.append(("host", "evil.example"))
        #expect(await monitor.respond(to: twice).status == 403)
        for host in [
            "127.0.0.1", "10.1.2.3:80", "[::1]:7077", "[fe80::1]", "localhost", "LOCALHOST:1", "a.localhost",
            "wal.example:443",
        ] {
            #expect(await monitor.respond(to: request("/healthz", host: host)).status == 200, "\(host)")
        }
    }

    @Test func onlyThePageAndTheStateOfTheProcessNeedNoToken() async throws {
        let monitor = try await monitor()
        for bad in [nil, "", "x", String(Self.token.dropLast()), Self.token.uppercased(), Self.token + "0"] {
            for target in Self.reads.dropFirst(3) {
                let response = await monitor.respond(to: request(target, bearer: bad))
                #expect(response.status == 401, "\(target) \(bad ?? "")")
            }
        }
        for target in Self.reads.prefix(2) {
            #expect(await monitor.respond(to: request(target, bearer: nil)).status == 200)
        }
        let ready = await monitor.respond(to: request("/readyz", bearer: nil))
        #expect(try ready.status == 503 && bytes(ready) == Array("not ready\n".utf8))
        #expect(await monitor.respond(to: request("/api/v1/status")).status == 200)
    }

    @Test func aSessionBeginsWithTheTokenAndHasAnother() async throws {
        let monitor = try await monitor { $0.prefix = "/wal/" }
        let page = ["X-WAL": "1", "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"]
        func session(_ body: String) async -> MonitorResponse {
            await monitor.respond(to: request("/wal/api/v1/session", "POST", bearer: nil, page, body: body))
        }
        for (body, status) in [(#"{"token":"no"}"#, 401), ("{}", 400), ("", 400), ("[", 400)] {
            #expect(await session(body).status == status, "\(body)")
        }
        let large = String(repeating: " ", count: MonitorRequest.bodySizeMax + 1)
        #expect(await session(large).status == 413)
        let response = await session(#"{"token":"\#(Self.token)"}"#)
        let cookie = try #require(response.headers.first { $0.name == "Set-Cookie" }?.value)
        #expect(cookie.hasSuffix("; Path=/wal/; HttpOnly; SameSite=Strict") && !cookie.contains(Self.token))
        let value = try #require(cookie.split(separator: ";").first)
        for (header, status) in [
            ("a=b; \(value)", 200), (String(value), 200), ("\(value)0", 401), ("wal_session_7077=\(Self.token)", 401),
        ] {
            let response = await monitor.respond(
                to: request("/wal/api/v1/status", bearer: nil, ["Cookie": header]))
            #expect(response.status == status, "\(header)")
        }
    }

    /// A browser has one cookie of a name for all ports of a host. A second page must not end the session of the first.
    @Test func sessionsOnTwoPortsOfAHostHaveTwoCookies() async throws {
        let monitor = try await monitor()
        let page = ["X-WAL": "1", "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"]
        var names: Set<Substring> = []
        let hosts = ["127.0.0.1", "127.0.0.1:7077", "127.0.0.1:7078", "[::1]", "[::1]:7079"]
        for host in hosts {
            let response = await monitor.respond(
                to: request(
                    "/api/v1/session", "POST", host: host, bearer: nil, page, body: #"{"token":"\#(Self.token)"}"#))
            let cookie = try #require(response.headers.first { $0.name == "Set-Cookie" }?.value)
            let value = try #require(cookie.split(separator: ";").first)
            names.insert(value.prefix { $0 != "=" })
            let answer = await monitor.respond(
                to: request("/api/v1/status", host: host, bearer: nil, ["Cookie": String(value)]))
            #expect(answer.status == 200, "\(host)")
        }
        #expect(names == ["wal_session", "wal_session_7077", "wal_session_7078", "wal_session_7079"])
    }

    @Test func changesComeFromThePageItselfOrAProgram() async throws {
        let monitor = try await monitor()
        let json = ["X-WAL": "1", "Content-Type": "application/json"]
        typealias Case = (headers: [String: String], bearer: String?, status: Int)
        let cases: [Case] = [
            (["Sec-Fetch-Site": "same-origin"], token, 200),
            (["Sec-Fetch-Site": "same-origin"], nil, 200),
            (["Sec-Fetch-Site": "same-site"], token, 403),
            (["Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:7077"], token, 403),
            (["Sec-Fetch-Site": "none"], token, 403),
            (["Origin": "http://127.0.0.1:7077"], nil, 200),
            (["Origin": "http://evil.example"], token, 403),
            (["Origin": "null"], token, 403),
            (["Origin": "http://127.0.0.1:7078"], token, 403),
            ([:], token, 200),
            ([:], nil, 403),
            (["X-WAL": "2"], token, 403),
            (["Content-Type": "text/plain"], token, 415),
        ]
        for each in cases {
            let response = await monitor.respond(
                to: request(
                    "/api/v1/session", "POST", bearer: each.bearer, json.merging(each.headers) { $1 },
                    body: #"{"token":"\#(Self.token)"}"#))
            #expect(response.status == each.status, "\(each.headers)")
        }
    }

    private var token: String { Self.token }

    @Test func eachRouteHasItsMethods() async throws {
        let monitor = try await monitor()
        for target in Self.reads {
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
                let response = await monitor.respond(to: request(target, method))
                #expect(
                    response.status == 405
                        && response.headers.contains { $0.name == "Allow" && $0.value == "GET, HEAD" })
            }
            #expect(await monitor.respond(to: request(target, "HEAD")).status != 405)
        }
        for target in Self.changes {
            let response = await monitor.respond(to: request(target))
            #expect(response.status == 405 && response.headers.contains { $0.name == "Allow" && $0.value == "POST" })
        }
        for target in ["//", "/api", "/api/v1/", "/api/v1/status/", "/../etc/passwd", "/API/v1/status", ""] {
            #expect(await monitor.respond(to: request(target)).status == 404, "\(target)")
        }
    }

    @Test func nothingChangesWithoutPermission() async throws {
        let json = ["X-WAL": "1", "Content-Type": "application/json"]
        for action in LogMonitor.Action.allCases {
            let monitor = try await monitor { $0.actions = Set(LogMonitor.Action.allCases).subtracting([action]) }
            let response = await monitor.respond(
                to: request("/api/v1/dead-letters/\(action)", "POST", json, body: #"{"filter":{},"expected":0}"#))
            #expect(response.status == 403)
        }
    }

    // MARK: The page

    @Test func eachResponseIsClosedToOtherPages() async throws {
        let monitor = try await monitor()
        for target in Self.reads + ["/nothing"] {
            let response = await monitor.respond(to: request(target))
            let headers = Dictionary(response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
            #expect(headers["X-Content-Type-Options"] == "nosniff" && headers["Referrer-Policy"] == "no-referrer")
            #expect(headers["Cache-Control"] == "no-store" && headers["Cross-Origin-Resource-Policy"] == "same-origin")
            #expect(headers["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true, "\(target)")
            #expect(!headers.keys.contains { $0.hasPrefix("Access-Control") })
        }
    }

    @Test func thePageIsOneSmallFileThatMakesNoMarkup() async throws {
        let text = String(decoding: Page.bytes, as: UTF8.self)
        #expect(Page.bytes.count < 60 << 10)
        for sink in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "new Function",
            " style=",
            " onclick=\"", "<link rel=\"style", "@import", "url(",
        ] {
            #expect(!text.contains(sink), "\(sink)")
        }
        #expect(
            text.components(separatedBy: "<script>").count == 2 && text.components(separatedBy: "<style>").count == 2)
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/WALMonitor/Page/page.html").standardizedFileURL
        #expect(try Array(Data(contentsOf: source)) == Page.bytes)
        #expect(!Page.policy.contains("sha256-47DEQpj8HBSa"), "a hash of nothing")
    }

    // MARK: Contents

    @Test func theStatusIsThePublishedOne() async throws {
        let monitor = try await monitor([[1], [2]])
        let status = try await json(monitor, "/api/v1/status")
        #expect(status["last_sequence"] as? Int == 2 && status["up"] as? Bool == false)
        #expect(status["verdict"] as? String == "critical")
        let health = try #require(status["health"] as? [[String: Any]])
        #expect(health.first?["code"] as? String == "writer" && health.first?["next"] is String)
        let log = try ReadOnlyLog(at: directory.path)
        let published = try #require(
            try JSONSerialization.jsonObject(with: Data(log.publishedStatus ?? [])) as? [String: Any])
        #expect(Set(published.keys).isSubset(of: status.keys))
        // A log that is open in this process needs no status file.
        let open = try await WriteAheadLog.open(at: directory.path)
        let here = try LogMonitor(open)
        #expect(await here.respond(to: request("/readyz")).status == 200)
        try await open.close()
    }

    @Test func longIntegersAreExact() throws {
        let text =
            #"{"a":9223372036854775807,"b":[-9223372036854775808,123456789012345,1.5e300,"x,{\"1234567890123456\":"],"c":{"d":null}}"#
        let members = ExactJSON.members(of: Array(text.utf8))
        #expect(members.map(\.key) == ["a", "b", "c"])
        #expect(
            String(decoding: ExactJSON.object(members), as: UTF8.self)
                == #"{"a":"9223372036854775807","b":["-9223372036854775808",123456789012345,1.5e300,"x,{\"1234567890123456\":"],"c":{"d":null}}"#
        )
        #expect(ExactJSON.members(of: Array("{}".utf8)).isEmpty)
    }

    @Test func segmentsSayWhoNeedsThem() async throws {
        let log = try await WriteAheadLog.open(at: directory.path)
        try await log.append([1])
        try log.setCursor("slow", to: 0)
        try await log.append([2])
        try await log.sync()
        try await log.roll()
        try await log.append([3])
        try await log.untilSealed()
        let monitor = try LogMonitor(log)
        let segments = try #require(try await json(monitor, "/api/v1/segments")["segments"] as? [[String: Any]])
        #expect(
            segments.first?["pinned_by"] as? [String] == ["slow"] && segments.first?["last_sequence"] as? String == "2")
        // Another segment may have been prepared meanwhile.
        let after = try #require(
            try await json(monitor, "/api/v1/segments?after=1")["segments"] as? [[String: Any]])
        #expect(!after.isEmpty && after.allSatisfy { $0["last_sequence"] as? String != "2" })
        try await log.close()
    }

    @Test func bothTextsOfMetricsAreThere() async throws {
        let monitor = try await monitor()
        let plain = await monitor.respond(to: request("/metrics"))
        let open = await monitor.respond(
            to: request("/metrics", "GET", ["Accept": "application/openmetrics-text; version=1.0.0"]))
        #expect(String(decoding: try bytes(plain), as: UTF8.self).contains("wal_up"))
        #expect(String(decoding: try bytes(open), as: UTF8.self).hasSuffix("# EOF\n"))
        #expect(open.headers.first?.value.hasPrefix("application/openmetrics-text") == true)
    }

    // MARK: Search

    @Test(arguments: ["", "from=1&"])
    func aSearchThatContinuesFindsEachRecordOnce(start: String) async throws {
        let count = 5000
        let monitor = try await monitor((1...count).map { Array("n\($0) \($0 % 7 == 0 ? "seventh" : "")".utf8) })
        var found: [String] = []
        var scanned = 0
        var query = start
        while true {
            let page = try await json(monitor, "/api/v1/records?\(query)limit=100&contains=seventh")
            found += try #require(page["rows"] as? [[String: Any]]).compactMap { $0["sequence"] as? String }
            scanned += try #require(page["scanned"] as? Int)
            guard let next = page["next"] as? String else {
                #expect(page["stopped"] as? String == "end")
                break
            }
            query = start.isEmpty ? "before=\(next)&" : "from=\(next)&"
        }
        let expected = stride(from: 7, through: count, by: 7).map(String.init)
        #expect(found == (start.isEmpty ? expected.reversed() : expected))
        #expect(scanned == count)
    }

    /// A piece of large records after one of small ones holds up all requests for as long as it takes.
    @Test func aSearchEndsWithinAPieceOfLargeRecords() async throws {
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let monitor = try await monitor((1...80).map { _ in large } + (1...100).map { Array("n\($0)".utf8) })
        let first = try await json(monitor, "/api/v1/records?limit=100&contains=nothing")
        #expect(first["stopped"] as? String != "end" && first["scanned"] as? Int == 100)
        var next = first["next"] as? String
        var scanned = 100
        while let place = next {
            let page = try await json(monitor, "/api/v1/records?before=\(place)&limit=100&contains=nothing")
            scanned += try #require(page["scanned"] as? Int)
            next = page["next"] as? String
        }
        #expect(scanned == 180)
    }

    @Test func parametersAreChecked() async throws {
        let monitor = try await monitor()
        for query in [
            "limit=0", "limit=501", "limit=x", "from=-1", "before=1e3", "since=yesterday", "kind=secret",
            "from=18446744073709551616",
        ] {
            #expect(await monitor.respond(to: request("/api/v1/records?\(query)")).status == 400, "\(query)")
        }
        #expect(await monitor.respond(to: request("/api/v1/events?topics=status,secrets")).status == 400)
        for query in [
            "before=0", "from=18446744073709551615", "since=2999-01-01T00:00:00Z", "contains=%", "contains=%zz&&=&",
            "from=&limit=",
        ] {
            #expect(await monitor.respond(to: request("/api/v1/records?\(query)")).status == 200, "\(query)")
        }
    }

    /// A database's error contains the values of the refused row.
    @Test(arguments: [(MonitorPayloads.redacted, "password=•••" as String?), (.full, "password=hunter2"), (.none, nil)])
    func errorsOfSinksAreMaskedAsPayloadsAre(_ payloads: MonitorPayloads, _ shown: String?) async throws {
        let monitor = try await monitor { $0.payloads = payloads }
        var status = try LogSnapshot(ReadOnlyLog(at: directory.path)).status
        status.closedAt = nil
        status.sinks = [
            LogCheckTests.sink {
                $0.name = "my_db"
                $0.state = .unavailable
                $0.error = "password=hunter2"
            }
        ]
        try StatusFile(in: Directory(path: directory.path)).replace(with: status.json)
        let answer = try bytes(await monitor.respond(to: request("/api/v1/status?integers=numbers")))
        let text = String(decoding: answer, as: UTF8.self)
        #expect(text.contains("hunter2") == (payloads == .full), "\(text)")
        let snapshot = try #require(LogSnapshot(json: answer))
        status.sinks[0].error = shown
        #expect(snapshot.status == status && snapshot.name == WALMetric.logName(directory.path))
    }

    @Test func eventsOfTasksAreFoundByTheirFields() async throws {
        let task = PersistentTask(
            id: "t1", dagID: "orders", nodeID: "n", payload: #"{"card":"4111","amount":9223372036854775807}"#,
            status: .failed, error: "password=hunter2 refused")
        let activity = TaskActivityLog(
            id: "a1", taskID: "t1", dagID: "orders", nodeID: "n", action: "retry", message: "again", level: "error")
        let monitor = try await monitor([
            TaskCodec.encode(.save(task)), TaskCodec.encode(.log(activity)),
            TaskCodec.encode(.updateStatus(id: "t2", status: .completed)), [0, 1, 255],
        ])
        func rows(_ target: String) async throws -> [[String: Any]] {
            try #require(try await json(monitor, "/api/v1/" + target)["rows"] as? [[String: Any]])
        }
        let tasks = try await rows("tasks?status=failed&dag=orders&id=t1")
        #expect(tasks.count == 1 && tasks[0]["error"] as? String == "password=••• refused")
        #expect(tasks[0]["payload"] as? String == #"{"card":"•••","amount":9223372036854775807}"#)
        #expect(try await rows("tasks").count == 2)
        #expect(try await rows("tasks?dag=refunds").isEmpty)
        let activities = try await rows("activities?task=t1&level=error")
        #expect(activities.first?["action"] as? String == "retry")
        #expect(try await rows("records?kind=record").first?["payload"] as? String == "\u{0}\u{1}\u{FFFD}")
        // A search doesn't find a masked value.
        #expect(try await rows("records?contains=hunter2").isEmpty)
        #expect(try await rows("records?contains=4111").isEmpty)
    }

    /// A failed task may come after the first page of a DAG's tasks. The answer has it, or says that the search ended
    /// early.
    @Test func aSearchInAStoreReadsMoreThanAPage() {
        func page(_ count: Int, _ status: String) -> [RecordRow] {
            (0..<count).map { _ in
                var row = RecordRow(sequence: nil, time: .now, kind: .task)
                row.fields = [("status", status)]
                return row
            }
        }
        var search = RecordSearch()
        search.fields["status"] = "failed"
        search.limit = 2
        var found = StoreSearch(search)
        found.take(page(StoreSearch.pageMax, "completed"))
        // On a slow machine, the search may end here, and the answer says so.
        #expect(found.stopped == nil || found.stopped == .time)
        #expect(found.scanned == StoreSearch.pageMax && found.rows.isEmpty)
        found.take(page(2, "failed"))
        #expect(found.stopped == .end && found.rows.count == 2)
        var limited = StoreSearch(search)
        limited.take(page(3, "failed"))
        #expect(limited.stopped == .limit && limited.rows.count == 2 && limited.scanned == 2)
    }

    @Test(arguments: MonitorPayloads.allCases)
    func thePolicyHoldsForEachRow(payloads: MonitorPayloads) async throws {
        let task = PersistentTask(
            id: "t", dagID: "d", nodeID: "n", payload: #"{"token":"s3cret","n":1}"#, error: "open")
        let monitor = try await monitor([TaskCodec.encode(.save(task)), Array("token=s3cret open".utf8)]) {
            $0.payloads = payloads
        }
        let response = await monitor.respond(to: request("/api/v1/records"))
        let text = String(decoding: try bytes(response), as: UTF8.self)
        #expect(text.contains("s3cret") == (payloads == .full))
        #expect(text.contains("open") == (payloads == .full || payloads == .redacted))
        #expect(text.contains(#""bytes":17"#) == (payloads != .none))
    }

    @Test func largePayloadsAreCutButForASingleRecord() async throws {
        let monitor = try await monitor([[UInt8](repeating: 0x61, count: 2 << 20)])
        func row(_ query: String) async throws -> [String: Any] {
            let rows = try await json(monitor, "/api/v1/records?\(query)")["rows"] as? [[String: Any]]
            return try #require(rows?.first)
        }
        let short = try await row("limit=2")
        #expect((short["payload"] as? String)?.count == 4096 && short["is_cut"] as? Bool == true)
        #expect((try await row("from=1&limit=1")["payload"] as? String)?.count == 1 << 20)
    }

    @Test func liveTasksOfFlowsSayWhyTheyDoNotMove() async throws {
        let log = try await WriteAheadLog.open(at: directory.path)
        let monitor = try LogMonitor(log)
        #expect(try await json(monitor, "/api/v1/flows")["total"] as? Int == 0)
        try log.setCursor(JournalTable.cursor, to: 0)
        var batch = RecordBatch()
        let beginning = FlowRecord.Beginning(
            dag: "orders", graph: 1, priority: 0, maxRetries: 3, createdAt: .now,
            input: Array(#"{"token":"s3cret"}"#.utf8))
        for id in ["t1", "t2"] { FlowRecord(id, .begin(beginning)).append(to: &batch) }
        try await log.append(batch)
        let all = try await json(monitor, "/api/v1/flows")
        #expect(all["total"] as? Int == 2 && all["is_whole"] as? Bool == true)
        let one = try #require(try await json(monitor, "/api/v1/flows?task=t2")["tasks"] as? [[String: Any]])
        #expect(one.map { $0["task"] as? String } == ["t2"] && one[0]["reason"] is String)
        let rows = try #require(
            try await json(monitor, "/api/v1/records?kind=flow&task=t1")["rows"] as? [[String: Any]])
        #expect(rows.count == 1 && rows[0]["event"] as? String == "begin")
        #expect((rows[0]["payload"] as? String)?.contains("s3cret") == false)
        try await log.close()
    }

    // MARK: Events

    private func events(_ monitor: LogMonitor, _ topics: String) async throws -> MonitorEvents {
        let response = await monitor.respond(to: request("/api/v1/events?topics=\(topics)"))
        guard case .events(let events) = response.body else { throw CocoaError(.featureUnsupported) }
        return events
    }

    /// The data of the next event with this name.
    private func next(_ name: String, _ iterator: inout MonitorEvents.Iterator) async throws -> [String: Any] {
        while let text = await iterator.next() {
            for event in String(decoding: text, as: UTF8.self).components(separatedBy: "\n\n") {
                let lines = event.components(separatedBy: "\n")
                guard lines.contains("event: \(name)"), let data = lines.first(where: { $0.hasPrefix("data: ") }) else {
                    continue
                }
                return try #require(
                    try JSONSerialization.jsonObject(with: Data(data.dropFirst(6).utf8)) as? [String: Any])
            }
        }
        throw CocoaError(.fileReadUnknown)
    }

    @Test func aClientGetsTheWholeStatusAndThenChanges() async throws {
        let log = try await WriteAheadLog.open(at: directory.path)
        let monitor = try LogMonitor(log)
        var iterator = try await events(monitor, "status,tail,segments").makeAsyncIterator()
        #expect(await iterator.next() == Array("retry: 2000\n\n".utf8))
        let whole = try await next("status", &iterator)
        #expect(whole["storage"] != nil && whole["id"] as? String == log.id.description)
        // The tail begins with the second update.
        _ = try await next("status", &iterator)
        for number in 0..<300 { try await log.append([UInt8(truncatingIfNeeded: number)]) }
        var (rows, skipped) = (0, 0)
        while rows + skipped < 300 {
            let tail = try await next("tail", &iterator)
            let count = try #require(tail["rows"] as? [Any]).count
            #expect(count <= 200)
            rows += count
            skipped += try #require(tail["skipped"] as? Int)
        }
        #expect(rows + skipped == 300)
        try await log.sync()
        try await log.roll()
        let segments = try await next("segments", &iterator)
        #expect(try !#require(segments["changed"] as? [Any]).isEmpty)
        let changes = try await next("status", &iterator)
        #expect(changes["storage"] == nil && changes["id"] == nil && changes["time"] != nil)
        try await log.close()
    }

    /// A job may end while a browser connects again. Its page would wait for the end forever.
    @Test func aNewClientGetsTheNewestJob() async throws {
        let monitor = try await monitor()
        func publish(_ job: Int) { monitor.hub.publish(.jobs, "job", Array(#"{"job":\#(job)}"#.utf8)) }
        for job in 1...2 { publish(job) }
        var iterator = try await events(monitor, "jobs").makeAsyncIterator()
        _ = await iterator.next()
        publish(3)
        let text = String(decoding: try #require(await iterator.next()), as: UTF8.self)
        let lines = text.components(separatedBy: "\n").filter { !$0.isEmpty && !$0.hasPrefix("id: ") }
        #expect(lines == ["event: last-job", #"data: {"job":2}"#, "event: job", #"data: {"job":3}"#])
    }

    @Test func clientsAreLimitedAndLeave() async throws {
        let monitor = try await monitor()
        var clients: [MonitorEvents] = []
        for _ in 0..<32 { clients.append(try await events(monitor, "jobs")) }
        #expect(monitor.hub.clientCount == 32)
        #expect(await monitor.respond(to: request("/api/v1/events")).status == 503)
        clients.removeLast()
        #expect(monitor.hub.clientCount == 31)
        #expect(await monitor.respond(to: request("/api/v1/events", "HEAD")).status == 200)
        #expect(monitor.hub.clientCount == 31)
        clients.append(try await events(monitor, "jobs"))
        // A waiting client's sequence ends, too.
        let waiting = clients[0]
        let end = Task { for await _ in waiting {} }
        monitor.stop()
        await end.value
        #expect(await monitor.respond(to: request("/api/v1/events")).status == 503)
        clients = []
    }

    @Test func aSlowClientHoldsLittleAndIsClosed() async throws {
        let monitor = try await monitor()
        let slow = try await events(monitor, "jobs")
        var iterator = slow.makeAsyncIterator()
        _ = await iterator.next()
        let data = Array(#"{"x":"\#(String(repeating: "x", count: 64 << 10))"}"#.utf8)
        for _ in 0..<3 { monitor.hub.publish(.jobs, "job", data) }
        // Three events wait, and arrive at once.
        #expect(await iterator.next()?.count ?? 0 > 3 * (64 << 10))
        for _ in 0..<5 { monitor.hub.publish(.jobs, "job", data) }
        #expect(await iterator.next() == nil)
    }
}
