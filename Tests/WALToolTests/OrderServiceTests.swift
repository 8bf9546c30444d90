#if SQLite && Postgres && Monitor
    import Foundation
    import TestSupport
    import Testing
    import WAL

    /// The example of an order service is killed under load. Every answered order is in the table once.
    @Suite(.serialized, .timeLimit(.minutes(30)))
    struct OrderServiceTests {
        private let scratch: Scratch

        init() throws {
            scratch = try Scratch()
        }

        /// A client in Python: it sends orders one after another until the service is gone, and prints the answered ones.
        private static let client = """
            import http.client, json, sys
            port, worker, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
                for number in range(count):
                    order = {"id": "%s-%d" % (worker, number), "total": number}
                    connection.request("POST", "/orders", json.dumps(order), {"Content-Type": "application/json"})
                    reply = connection.getresponse()
                    reply.read()
                    if reply.status == 201:
                        print(order["id"], flush=True)
            except (OSError, http.client.HTTPException):
                pass
            """

        private static let program = ToolRun.tool.deletingLastPathComponent().appendingPathComponent(
            "ExampleOrderService")

        /// Starts the service on a port that was free. Repeats that if another program has taken the port meanwhile.
        private func start(_ database: String) throws -> (service: Process, port: Int) {
            while true {
                let port = try #require((20_000..<32_000).shuffled().first(where: Self.isFree))
                let service = Process()
                service.executableURL = Self.program
                service.arguments = [scratch.path("orders.wal"), database, "\(port)"]
                service.standardOutput = FileHandle.nullDevice
                service.standardError = FileHandle.nullDevice
                try service.run()
                let end = Date(timeIntervalSinceNow: 300)
                while service.isRunning, Date() < end {
                    if try get("health", port).status == 0, service.isRunning { return (service, port) }
                    usleep(50_000)
                }
                service.terminate()
                try #require(!Self.isFree(port), "the service ends at once, or doesn't answer")
            }
        }

        private func get(_ path: String, _ port: Int) throws -> (status: Int32, output: String) {
            let output = scratch.path("reply")
            let status = system("curl -sf -o '\(output)' http://127.0.0.1:\(port)/\(path)")
            return (status, (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
        }

        private static func isFree(_ port: Int) -> Bool {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = UInt16(port).bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }

        /// Sends orders with four clients, kills the service in between, and returns the answered orders.
        private func orders(into database: String) throws -> Set<String> {
            let script = try scratch.file("client.py", lines: [Self.client])
            var answered: Set<String> = []
            for (round, isKilled) in [true, true, false].enumerated() {
                let (service, port) = try start(database)
                defer { kill(service.processIdentifier, SIGKILL) }
                let outputs = (0..<4).map { scratch.path("answered-\(round)-\($0)") }
                let clients = try outputs.enumerated().map { worker, output in
                    _ = FileManager.default.createFile(atPath: output, contents: nil)
                    let client = Process()
                    client.executableURL = URL(filePath: "/usr/bin/env")
                    client.arguments = [
                        "python3", script.path, "\(port)", "r\(round)w\(worker)", isKilled ? "100000" : "50",
                    ]
                    client.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
                    try client.run()
                    return client
                }
                if isKilled {
                    try eventuallyBlocking { try Self.lines(of: outputs).count >= 40 }
                    usleep(.random(in: 0...100_000))
                    kill(service.processIdentifier, SIGKILL)
                }
                for client in clients { client.waitUntilExit() }
                if !isKilled {
                    #expect(try get("metrics", port).output.contains("wal_appended_records_total"))
                    service.terminate()
                }
                service.waitUntilExit()
                if !isKilled { #expect(service.terminationStatus == 0) }
                answered.formUnion(try Self.lines(of: outputs))
            }
            #expect(answered.count > 200)
            return answered
        }

        private static func lines(of files: [String]) throws -> [String] {
            try files.flatMap { file in
                try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            }
        }

        @Test func everyAnsweredOrderIsInSQLite() throws {
            let database = scratch.path("orders.db")
            let answered = try orders(into: database)
            let stored = try Sample.query(database, "SELECT id FROM orders").split(separator: "\n").map(String.init)
            #expect(Set(stored).count == stored.count && answered.isSubset(of: stored))
        }

        @Test(.enabled(if: PrivatePostgres.isWanted, PrivatePostgres.reason))
        func everyAnsweredOrderIsInPostgreSQL() throws {
            let server = PrivatePostgres(scratch)
            let conninfo = try server.start()
            let answered = try orders(into: conninfo)
            let output = scratch.path("stored")
            try #require(system("psql '\(conninfo)' -Atc 'SELECT id FROM orders' >'\(output)'") == 0)
            let stored = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
            #expect(Set(stored).count == stored.count && answered.isSubset(of: stored))
        }
    }
#endif
