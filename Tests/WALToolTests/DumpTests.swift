import Foundation
import TestSupport
import Testing

/// The output of `dump` for a writer whose clock was set back, and with a closed pipe.
struct DumpTests {
    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("log")
    }

    #if os(Linux)
        private static let clock = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <time.h>
            int clock_gettime(clockid_t clock, struct timespec *now) {
                static int (*real)(clockid_t, struct timespec *);
                if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
                int result = real(clock, now);
                const char *time = getenv("TEST_TIME");
                if (time && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec = atoll(time);
                return result;
            }
            """

        private func run(_ path: String, _ arguments: [String], environment: [String: String] = [:], input: URL? = nil)
            throws
        {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "\(arguments)")
        }

        @Test func eachRecordIsShownByItsOwnTime() throws {
            let source = scratch.file("clock.c")
            try Data(Self.clock.utf8).write(to: source)
            let library = scratch.path("clock.so")
            try run("/usr/bin/env", ["clang", "-shared", "-fPIC", "-o", library, source.path, "-ldl"])
            // An hour is 3600 s: forward, back, and forward again.
            for time in [7200, 3600, 0, 10_800, 5000] {
                try run(
                    ToolRun.tool.path, ["append", log],
                    environment: ["LD_PRELOAD": library, "TEST_TIME": "\(1_700_000_000 + time)"],
                    input: scratch.file("line", lines: ["at \(time)"]))
            }
            func shown(_ more: String...) throws -> [String] {
                let run = try ToolRun(["dump", log] + more)
                #expect(run.status == 0, "\(run.errors)")
                return run.output.split(separator: "\n").map { String($0.split(separator: "\t").last ?? "") }
            }
            let hour = "2023-11-14T23:13:20Z"
            #expect(try shown() == ["at 7200", "at 3600", "at 0", "at 10800", "at 5000"])
            #expect(try shown("--since", hour) == ["at 7200", "at 3600", "at 10800", "at 5000"])
            #expect(try shown("--since", "2023-11-15T00:13:20Z") == ["at 7200", "at 10800"])
            #expect(try shown("--until", hour) == ["at 0"])
            #expect(try shown("--since", hour, "--until", "2023-11-15T00:13:20Z") == ["at 3600", "at 5000"])
            #expect(try shown("--since", hour, "--from", "3", "--to", "4") == ["at 10800"])
        }
    #endif

    /// Another process that shares the output may have made it non-blocking. The dump must wait while the pipe is full.
    @Test func anOutputThatDoesNotBlockGetsEachLine() throws {
        let input = try scratch.file("lines", lines: (0..<20_000).map { "record \($0)" })
        try #require(ToolRun(["append", log], input: input).status == 0)
        let process = try ToolRun.process(["dump", log])
        let pipe = Pipe()
        try #require(fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFL, O_NONBLOCK) == 0)
        process.standardOutput = pipe
        let writing = dup(pipe.fileHandleForWriting.fileDescriptor)
        try process.run()
        var entry = pollfd(fd: writing, events: Int16(POLLOUT), revents: 0)
        try eventuallyBlocking { try poll(&entry, 1, 0) == 0 && isAsleep(process) || !process.isRunning }
        close(writing)
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(output.count { $0 == UInt8(ascii: "\n") } == 20_000)
    }

    /// Whether a process waits, as for room in its output. On other systems than Linux, this isn't known.
    private func isAsleep(_ process: Process) throws -> Bool {
        #if os(Linux)
            try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8).contains(") S ")
        #else
            true
        #endif
    }

    /// `dump` ends by SIGPIPE, or as if by it where the signal is ignored, without a message in the user's pipeline.
    @Test(arguments: ["", "trap '' PIPE; "]) func aClosedPipeEndsItQuietly(trap: String) throws {
        let input = try scratch.file("lines", lines: (0..<200_000).map { "record \($0)" })
        try #require(ToolRun(["append", log], input: input).status == 0)
        let errors = scratch.path("errors")
        for verb in ["dump '\(log)' --json", "tail '\(log)' -n 200000"] {
            let script = "\(trap)'\(ToolRun.tool.path)' \(verb) 2>'\(errors)' | head -n 1 >/dev/null; echo done"
            #expect(system("sh -c \"\(script)\" >/dev/null") == 0)
            #expect(try String(contentsOfFile: errors, encoding: .utf8) == "")
        }
    }
}
