#if SQLite && os(Linux)
    import Foundation
    import TestSupport
    import Testing

    /// If the system's clock was wrong for a while, retention must neither keep all records nor remove those of a few seconds
    /// ago.
    ///
    /// A preloaded library changes the time that the tool gets from the C library.
    struct MovedClockTests {
        private let scratch: Scratch
        private let library: String
        private static let hour = 3600
        private static let decade = 315_360_000

        init() throws {
            scratch = try Scratch()
            library = scratch.path("clock.so")
            let source = scratch.file("clock.c")
            try Data(Self.source.utf8).write(to: source)
            try #require(system("cc -shared -fPIC -O1 -o '\(library)' '\(source.path)'") == 0)
        }

        private static let source = """
            #define _GNU_SOURCE
            #include <stdlib.h>
            #include <sys/syscall.h>
            #include <sys/time.h>
            #include <time.h>
            #include <unistd.h>

            static long moved(const char *name) {
                const char *text = getenv(name);
                return text ? atol(text) : 0;
            }

            int clock_gettime(clockid_t clock, struct timespec *now) {
                int result = syscall(SYS_clock_gettime, clock, now);
                if (result != 0) return result;
                if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += moved("MOVED_REALTIME");
                if (clock == CLOCK_BOOTTIME) now->tv_sec += moved("MOVED_BOOTTIME");
                return 0;
            }

            int gettimeofday(struct timeval *restrict now, void *restrict zone) {
                struct timespec exact;
                int result = clock_gettime(CLOCK_REALTIME, &exact);
                now->tv_sec = exact.tv_sec;
                now->tv_usec = exact.tv_nsec / 1000;
                return result;
            }

            time_t time(time_t *place) {
                struct timespec now;
                clock_gettime(CLOCK_REALTIME, &now);
                if (place) *place = now.tv_sec;
                return now.tv_sec;
            }

            """

        /// An ingest with an open input. All clocks have advanced by `hours`, and the system's clock is wrong by `seconds`, too.
        private func start(
            _ arguments: [String] = [], hours: Int, wrongBy seconds: Int, errors: URL? = nil
        ) throws -> (Process, Pipe) {
            let process = try ToolRun.process(
                [
                    "ingest", "--log", scratch.path("log"), "--store", "sqlite:\(scratch.path("tasks.db"))",
                    "--source", "\(UUID())",
                ] + arguments)
            process.environment = ProcessInfo.processInfo.environment.merging([
                "LD_PRELOAD": library, "MOVED_REALTIME": "\(hours * Self.hour + seconds)",
                "MOVED_BOOTTIME": "\(hours * Self.hour)",
            ]) { $1 }
            let input = Pipe()
            _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            if let errors { process.standardError = try FileHandle(forWritingTo: errors) }
            try process.run()
            return (process, input)
        }

        private func end(_ run: (process: Process, input: Pipe)) throws {
            try run.input.fileHandleForWriting.close()
            run.process.waitUntilExit()
            try #require(run.process.terminationStatus == 0)
        }

        /// Opens the log, and appends one record in a new segment.
        private func append(_ id: String, hours: Int, wrongBy seconds: Int) throws {
            let run = try start(hours: hours, wrongBy: seconds)
            let line =
                #"{"type":"task_update","task":{"id":"\#(id)","dag_id":"d","node_id":"n","status":"running","created_at":"2026-01-01T00:00:00Z"}}"#
            try run.1.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
            try end(run)
        }

        private func exists(_ number: Int) -> Bool {
            let name = String(repeating: "0", count: 19) + "\(number).wal"
            return FileManager.default.fileExists(atPath: scratch.path("log/" + name))
        }

        struct Clocks: CustomTestStringConvertible, Sendable {
            /// The error of the system's clock while records are made, and later.
            var then: Int, now: Int
            var testDescription: String { "wrong by \(then) s, then by \(now) s" }
        }

        /// The first segment ended two hours ago, the second and the third one a moment ago.
        @Test(arguments: [
            Clocks(then: 0, now: 0), Clocks(then: 0, now: decade), Clocks(then: 0, now: -decade),
            Clocks(then: decade, now: 0),
        ])
        func whatIsOlderGoesAndWhatIsYoungerStays(_ clocks: Clocks) throws {
            try append("a", hours: 0, wrongBy: clocks.then)
            try append("b", hours: 0, wrongBy: clocks.then)
            try append("c", hours: 2, wrongBy: clocks.then)
            try append("d", hours: 2, wrongBy: clocks.then)
            try #require((1...4).allSatisfy(exists))

            let errors = scratch.file("errors")
            _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
            let run = try start(["--retention-age", "1h"], hours: 2, wrongBy: clocks.now, errors: errors)
            eventuallyBlocking { !exists(1) }
            // Ends after the pass that removed the first segment. That pass would also have removed others.
            try end(run)
            #expect(exists(2) && exists(3) && exists(4))

            let shown = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
            let isAhead = clocks.then > clocks.now
            #expect(
                shown.split(separator: "\n").count { $0.contains("ahead of the system's clock") } == (isAhead ? 1 : 0))
        }

        @Test func verifyTellsHowFarTimesLieAhead() throws {
            try append("a", hours: 0, wrongBy: Self.decade)
            let report = try ToolRun(["verify", scratch.path("log"), "--json"])
            let ahead = try #require(try report.json["time_ahead_seconds"] as? Double)
            #expect(ahead > Double(Self.decade) - 3600 && ahead <= Double(Self.decade))
            #expect(try ToolRun(["verify", scratch.path("log")]).output.contains("ahead of the clock"))
            #expect(report.status == 0)
        }
    }
#endif
