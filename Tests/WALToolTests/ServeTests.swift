#if SQLite && Monitor
    import Foundation
    import TestSupport
    import Testing
    import WAL

    /// The page over real sockets, as a browser and Prometheus use it.
    struct ServeTests {
        private let scratch: Scratch
        private let log: String
        private let database: String

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            database = scratch.path("tasks.db")
        }

        /// Runs curl, and returns the status and the body.
        private func curl(_ arguments: [String], _ target: String) throws -> (status: Int, body: String) {
            let output = scratch.file("curl-\(UUID().uuidString)")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                ["curl", "-s", "--max-time", "60", "-o", output.path, "-w", "%{http_code}"] + arguments + [target]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let printed = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return (Int(printed) ?? 0, (try? String(contentsOf: output, encoding: .utf8)) ?? "")
        }

        private func get(_ server: PageServer, _ path: String) throws -> (status: Int, body: String) {
            try curl(["-H", "Authorization: Bearer \(server.token)"], server.address + path)
        }

        private func post(_ server: PageServer, _ path: String, _ body: String) throws -> (status: Int, body: String) {
            try curl(
                [
                    "-H", "Authorization: Bearer \(server.token)", "-H", "X-WAL: 1", "-H",
                    "Content-Type: application/json",
                    "--data-binary", body,
                ], server.address + path)
        }

        /// A client that sends a byte now and then needs no token, so such clients must not hold all connections.
        @Test func aBodyThatTakesTooLongEndsItsConnection() throws {
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
            let server = try PageServer(scratch, [log])
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c",
                """
                for i in $(seq 60); do printf x; sleep 1; done \
                | curl -s -o /dev/null -w '%{http_code}' -X POST -T - "$0"
                """,
                server.address + "api/v1/session",
            ]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let printed = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            // There is no answer.
            #expect(printed == "000")
            #expect(try curl([], server.address + "healthz").status == 200)
            #expect(server.stop() == 0)
        }

        /// A client that reads no answer needs no token, so such clients must not hold all connections.
        @Test func aClientThatReadsNothingIsDisconnected() throws {
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
            let server = try PageServer(scratch, [log])
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            let port = try #require(URL(string: server.address)?.port)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var places: [Int32] = []
            defer { for place in places { close(place) } }
            // As many as the server accepts. The answers are larger than all buffers.
            let requests = String(repeating: "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", count: 300)
            for _ in 0..<128 {
                let place = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                places.append(place)
                var size: Int32 = 4096
                setsockopt(place, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
                let status = withUnsafeBytes(of: &address) {
                    connect(place, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
                }
                try #require(status == 0)
                let count = Array(requests.utf8).withUnsafeBytes { send(place, $0.baseAddress, $0.count, 0) }
                try #require(count == requests.utf8.count)
            }
            try eventuallyBlocking(every: .milliseconds(50)) {
                try curl(["--max-time", "5"], server.address + "healthz").status == 200
            }
            #expect(server.stop() == 0)
        }

        /// systemd waits for this datagram of a service of the type `notify`.
        @Test func readinessIsReportedToSystemd() throws {
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
            let place = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(place) }
            var limit = timeval(tv_sec: 120, tv_usec: 0)
            setsockopt(place, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: scratch.path("notify").utf8) }
            let status = withUnsafeBytes(of: &address) {
                bind(place, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
            try #require(status == 0)
            let server = try PageServer(scratch, [log], environment: ["NOTIFY_SOCKET": scratch.path("notify")])
            var message = [UInt8](repeating: 0, count: 100)
            let count = recv(place, &message, message.count, 0)
            #expect(String(decoding: message.prefix(max(0, count)), as: UTF8.self) == "READY=1")
            #expect(try curl([], server.address + "healthz").status == 200)
            #expect(server.stop() == 0)
        }

        private func ingest(_ ids: [String]) throws {
            func event(_ id: String) -> String {
                """
                {"type":"task_update","task":{"id":"\(id)","dag_id":"d","node_id":"n","status":"failed",\
                "created_at":"2026-01-01T00:00:00Z"}}
                """
            }
            let input = try scratch.file(UUID().uuidString, lines: ids.map(event))
            #expect(try ToolRun(["ingest", "--log", log, "--store", "sqlite:\(database)"], input: input).status == 0)
        }

        /// Ingests tasks, three of which the database refuses.
        private func makeDeadLetters() throws {
            try ingest(["good"])
            _ = try Sample.query(
                database,
                "CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
            try ingest(["bad1", "bad2", "bad3"])
        }

        @Test func thePageIsServedUntilItIsStopped() throws {
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
            let tokenFile = scratch.path("token")
            let server = try PageServer(scratch, [log], port: PageServer.fixedPort, tokenFile: tokenFile)
            #expect(try FileManager.default.attributesOfItem(atPath: tokenFile)[.posixPermissions] as? Int == 0o600)
            #expect(try curl([], server.address).body.hasPrefix("<!doctype html>"))
            #expect(try curl([], server.address + "api/v1/status").status == 401)
            #expect(try get(server, "api/v1/status").status == 200)
            let port = try #require(URL(string: server.address)?.port)
            #expect(try curl(["-H", "Host: evil.example"], server.address).status == 403)
            #expect(try curl(["-I"], server.address).status == 200)
            // Headers and body are bounded.
            let long = String(repeating: "x", count: 40 << 10)
            #expect(try curl(["-H", "X-Long: \(long)"], server.address + "healthz").status != 200)
            let body = try scratch.file("body", lines: [String(repeating: " ", count: 1 << 20)])
            #expect(
                try curl(["--data-binary", "@\(body.path)", "-H", "Expect:"], server.address + "api/v1/session").status
                    == 413)
            // A second server on the port fails with a message, and the first one keeps running.
            let second = try ToolRun(["serve", log, "--port", "\(port)"])
            #expect(second.status == 74 && second.errors.contains("\(port)"))
            #expect(server.stop() == 0)
            // The token in the file stays the same.
            let again = try PageServer(scratch, [log], port: "\(port)", tokenFile: tokenFile)
            #expect(again.token == server.token && again.address == server.address)
            #expect(chmod(tokenFile, 0o644) == 0)
            #expect(try ToolRun(["serve", log, "--port", "0", "--token-file", tokenFile]).status == 64)
        }

        /// A browser opens the printed address with the token, so it must not be that of another program.
        @Test func anAddressOfAnotherProgramIsNotPrinted() throws {
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
            // The port is free on ::1.
            let other = try PageServer(scratch, [log, "--listen", "127.0.0.1"], port: PageServer.fixedPort)
            let port = try #require(URL(string: other.address)?.port)
            let output = scratch.file("printed")
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            let process = try ToolRun.process(["serve", log, "--port", "\(port)"])
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = FileHandle.nullDevice
            try process.run()
            try eventuallyBlocking { try !process.isRunning || !Data(contentsOf: output).isEmpty }
            if process.isRunning { process.terminate() }
            process.waitUntilExit()
            #expect(process.terminationStatus == 74)
            #expect(try Data(contentsOf: output).isEmpty)
            #expect(other.stop() == 0)
        }

        @Test func eventsFollowTheWriterAndEndWithTheServer() throws {
            let process = try ToolRun.process(["append", log])
            let input = Pipe()
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data("one\n".utf8))
            try eventuallyBlocking(every: .milliseconds(50)) {
                try ToolRun(["metrics", log]).output.contains("wal_last_sequence{log=\"log\"} 1\n")
            }
            let server = try PageServer(scratch, [log])
            let events = scratch.file("events")
            _ = FileManager.default.createFile(atPath: events.path, contents: nil)
            let client = Process()
            client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            client.arguments = [
                "curl", "-sN", "-H", "Authorization: Bearer \(server.token)",
                server.address + "api/v1/events?topics=status,tail",
            ]
            client.standardOutput = try FileHandle(forWritingTo: events)
            try client.run()
            func received(_ text: String) throws -> Bool {
                try String(contentsOf: events, encoding: .utf8).contains(text)
            }
            try eventuallyBlocking { try received(#""up":true"#) }
            // The tail begins with the client's second update.
            try eventuallyBlocking {
                try String(contentsOf: events, encoding: .utf8).components(separatedBy: "event: status").count > 2
            }
            try input.fileHandleForWriting.write(contentsOf: Data("<b>two</b>\n".utf8))
            try eventuallyBlocking { try received("<b>two</b>") }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try eventuallyBlocking { try received(#""up":false"#) }
            #expect(try get(server, "readyz").status == 503)
            #expect(server.stop() == 0)
            client.waitUntilExit()
            #expect(client.terminationStatus == 0)
        }

        @Test func deadLettersAreRedrivenOnlyAsExpected() throws {
            try makeDeadLetters()
            let closed = try PageServer(scratch, [log, "--store", "sqlite:\(database)"])
            #expect(try post(closed, "api/v1/dead-letters/redrive", #"{"filter":{},"expected":3}"#).status == 403)
            #expect(closed.stop() == 0)
            let server = try PageServer(scratch, [log, "--store", "sqlite:\(database)", "--allow", "redrive"])
            let listed = try get(server, "api/v1/dead-letters?sink=sqlite")
            #expect(listed.body.contains(#""total":3,"in_store":3"#), "\(listed.body)")
            #expect(!listed.body.contains(database))
            func redrive(_ body: String) throws -> Int { try post(server, "api/v1/dead-letters/redrive", body).status }
            #expect(try redrive(#"{"filter":{},"expected":2}"#) == 409)
            #expect(try redrive(#"{"expected":3}"#) == 400)
            #expect(try post(server, "api/v1/dead-letters/discard", #"{"filter":{},"expected":3}"#).status == 403)
            #expect(try Sample.query(database, "SELECT count(*) FROM wal_sink_dead_letter").hasPrefix("3"))
            // The letters are refused again, and stay.
            #expect(try redrive(#"{"sequences":["2"],"expected":1}"#) == 202)
            // A later job begins once this one has ended.
            try eventuallyBlocking(every: .milliseconds(50)) {
                try redrive(#"{"filter":{"code":"nothing"},"expected":0}"#) == 202
            }
            _ = try Sample.query(database, "DROP TRIGGER no")
            #expect(try Sample.query(database, "SELECT count(*) FROM wal_sink_dead_letter").hasPrefix("3"))
            try eventuallyBlocking(every: .milliseconds(50)) {
                try redrive(#"{"filter":{"text":"bad"},"expected":3}"#) == 202
            }
            try eventuallyBlocking(every: .milliseconds(50)) {
                try Sample.query(database, "SELECT count(*) FROM wal_sink_dead_letter").hasPrefix("0")
            }
            #expect(try Sample.query(database, "SELECT count(*) FROM dag_tasks").hasPrefix("4"))
            // Tasks come from the store's indexes.
            let tasks = try get(server, "api/v1/tasks?status=failed&limit=500")
            #expect(tasks.body.contains(#""source":"store""#) && tasks.body.contains("bad3"))
            #expect(tasks.body.contains(#""stopped":"end""#))
            let first = try get(server, "api/v1/tasks?status=failed&limit=1")
            #expect(first.body.contains(#""stopped":"limit""#), "\(first.body)")
            #expect(server.stop() == 0)
        }

        /// A redrive must not reach the letters of a log that was moved away.
        @Test func theLettersAreThoseOfTheLogThatIsThere() throws {
            try makeDeadLetters()
            let server = try PageServer(scratch, [log, "--store", "sqlite:\(database)"])
            #expect(try get(server, "api/v1/dead-letters").body.contains(#""in_store":3"#))
            try FileManager.default.moveItem(atPath: log, toPath: scratch.path("moved"))
            try ingest(["good", "bad4"])
            #expect(try get(server, "api/v1/status").status == 200)
            let body = try get(server, "api/v1/dead-letters").body
            #expect(body.contains(#""in_store":1"#) && body.contains(#""row":"bad4""#), "\(body)")
            #expect(server.stop() == 0)
        }

        @Test func usageIsChecked() throws {
            try WriteAheadLog.openBlocking(at: log).closeBlocking()
            for arguments in [
                ["--port", "65536"], ["--allow", "redrive"], ["--payloads", "all"], ["--allow", "erase"],
            ] {
                #expect(try ToolRun(["serve", log] + arguments).status == 64, "\(arguments)")
            }
            #expect(try ToolRun(["serve", scratch.path("nothing"), "--port", "0"]).status == 65)
            #expect(
                try ToolRun(["serve", log, "--port", "0", "--store", "sqlite:\(scratch.path("no.db"))"]).status != 0)
        }

        /// A real Prometheus scrapes the page, and accepts the rules.
        @Test func prometheusScrapesItAndTakesTheRules() throws {
            let prometheus = "/usr/bin/prometheus"
            guard FileManager.default.isExecutableFile(atPath: prometheus) else {
                #expect(ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] != "1", "apt-get install prometheus")
                return
            }
            try makeDeadLetters()
            let tokenFile = scratch.path("token")
            let server = try PageServer(scratch, [log], tokenFile: tokenFile)
            let port = try #require(URL(string: server.address)?.port)
            let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../Operations/alerts.yml").standardizedFileURL.path
            let configuration = try scratch.file(
                "prometheus.yml",
                lines: [
                    "global: {scrape_interval: 1s, evaluation_interval: 1s}",
                    "rule_files: ['\(rules)']",
                    "scrape_configs:",
                    "- job_name: wal",
                    "  authorization: {credentials_file: '\(tokenFile)'}",
                    "  static_configs: [{targets: ['127.0.0.1:\(port)']}]",
                ])
            let errors = scratch.file("prometheus.log")
            _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: prometheus)
            process.arguments = [
                "--config.file=\(configuration.path)", "--storage.tsdb.path=\(scratch.path("tsdb"))",
                "--web.listen-address=127.0.0.1:0", "--log.level=info",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            defer {
                process.terminate()
                process.waitUntilExit()
            }
            // Prometheus logs the address that it uses.
            var address = ""
            try eventuallyBlocking {
                let text = try String(contentsOf: errors, encoding: .utf8)
                guard let match = text.firstMatch(of: /Listening on"? address=(127\.0\.0\.1:\d+)/) else { return false }
                address = "http://\(match.1)"
                return true
            }
            func ask(_ path: String) throws -> String { try curl([], address + path).body }
            try eventuallyBlocking(every: .milliseconds(50)) {
                try ask("/api/v1/targets").contains(#""health":"up""#)
            }
            try eventuallyBlocking(every: .milliseconds(50)) {
                try ask("/api/v1/query?query=wal_kept_dead_letters+or+wal_up").contains(#""log":"log""#)
            }
            try eventuallyBlocking(every: .milliseconds(50)) {
                try ask("/api/v1/rules").components(separatedBy: #""health":"ok""#).count == 14
            }
            #expect(try !ask("/api/v1/rules").contains(#""health":"err""#))
            #expect(server.stop() == 0)
        }
    }
#endif
