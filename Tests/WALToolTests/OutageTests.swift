#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL

    /// The tool reports an outage of the store, and doesn't hang because of it.
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: PrivatePostgres.isWanted, PrivatePostgres.reason))
    struct OutageTests {
        private let scratch: Scratch
        private let server: PrivatePostgres
        private let errors: ErrorOutput

        init() throws {
            scratch = try Scratch()
            server = PrivatePostgres(scratch)
            errors = try ErrorOutput(scratch.file("errors"))
        }

        private func ingest(_ conninfo: String, _ options: String..., input: Pipe) throws -> Process {
            let process = try ToolRun.process(
                ["ingest", "--log", scratch.path("log"), "--store", "postgres:\(conninfo)", "--source", "test"]
                    + options)
            // Servers that start later must not inherit the input's descriptor and keep it open.
            _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors.file)
            try process.run()
            return process
        }

        private func write(_ numbers: Range<Int>, to pipe: Pipe) throws {
            let lines = numbers.map {
                #"{"type":"task_update","task":{"id":"t\#($0)","dag_id":"d","node_id":"n","status":"running","#
                    + #""created_at":"2026-01-01T00:00:00Z"}}"# + "\n"
            }
            try pipe.fileHandleForWriting.write(contentsOf: Data(lines.joined().utf8))
        }

        @Test func anOutageIsSaidOnceAndWhileItLastsAndWhenItIsOver() throws {
            let conninfo = try server.start()
            let pipe = Pipe()
            let process = try ingest(conninfo, input: pipe)
            defer { process.terminate() }
            try write(0..<5, to: pipe)
            try server.crash()
            try write(5..<10, to: pipe)
            try errors.wait(for: "error: the sink failed repeatedly", while: process)
            try errors.wait(for: "error: the sink is still unavailable", while: process)
            #expect(try errors.shown().contains("wal.lag.records="))
            try server.start()
            try errors.wait(for: "notice: the sink is available again", while: process)
            try pipe.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let shown = try errors.shown()
            #expect(shown.components(separatedBy: "failed repeatedly").count == 2, "\(shown)")
        }

        /// Starts an ingest that reads seven records while its store is unreachable.
        private func ingestWhileTheStoreIsAway(drainTimeout: Int) throws -> (process: Process, conninfo: String) {
            let conninfo = try server.start()
            try server.crash()
            let input = Pipe()
            let process = try ingest(conninfo, "--drain-timeout", "\(drainTimeout)", input: input)
            try write(0..<7, to: input)
            try errors.wait(for: "error: the sink failed repeatedly", while: process)
            // The claim alone may have failed, before the lines were read.
            let path = scratch.path("log")
            eventuallyBlocking(every: .milliseconds(20)) {
                (try? ReadOnlyLog(at: path).lastSequence) == 7 || !process.isRunning
            }
            return (process, conninfo)
        }

        private func expectDeliveryByTheNextRun(_ conninfo: String) throws {
            try server.start()
            let input = Pipe()
            let next = try ingest(conninfo, input: input)
            try input.fileHandleForWriting.close()
            next.waitUntilExit()
            #expect(next.terminationStatus == 0)
            let sinks = try ToolRun(["sinks", scratch.path("log"), "--store", "postgres:\(conninfo)", "--json"])
            let output = sinks.output.replacing(" ", with: "")
            #expect(output.contains("\"lag_records\":0"), "\(output)\(sinks.errors)")
        }

        @Test func aSecondSignalEndsAtOnceAndTheNextRunDelivers() throws {
            let (process, conninfo) = try ingestWhileTheStoreIsAway(drainTimeout: 1000)
            defer { process.terminate() }
            kill(process.processIdentifier, SIGINT)
            try errors.wait(for: "SIGINT: reading has ended", while: process)
            try errors.wait(for: "until postgres has 7 more records", while: process)
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
            try expectDeliveryByTheNextRun(conninfo)
        }

        @Test func aSignalWhileTheStoreIsAwayEndsInTimeAndSaysWhatRemains() throws {
            let (process, conninfo) = try ingestWhileTheStoreIsAway(drainTimeout: 1)
            defer { process.terminate() }
            kill(process.processIdentifier, SIGTERM)
            try errors.wait(for: "A second signal ends this at once", while: process)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            #expect(try errors.shown().contains("SIGTERM: reading has ended"))
            #expect(try errors.shown().contains("7 records weren't delivered"))
            try expectDeliveryByTheNextRun(conninfo)
        }
    }
#endif
