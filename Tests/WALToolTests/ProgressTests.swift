import Foundation
import TestSupport
import Testing

/// Progress is for people at a terminal. In a file it would be noise.
struct ProgressTests {
    private static let line = #"{"type":"task_delete","task_id":"t"}"# + "\n"

    private let scratch: Scratch
    private let input: String
    private let errors: URL

    init() throws {
        scratch = try Scratch()
        input = scratch.path("input")
        errors = scratch.file("errors")
        try #require(mkfifo(input, 0o600) == 0)
        try #require(FileManager.default.createFile(atPath: errors.path, contents: nil))
    }

    /// A process whose standard error is a terminal. The file `errors` gets its output.
    private func processAtTerminal(_ arguments: [String]) -> Process {
        let command = ([ToolRun.tool.path] + arguments).map { "'\($0)'" }.joined(separator: " ") + " >/dev/null"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        #if os(macOS)
            process.arguments = ["-q", "-F", errors.path, "/bin/sh", "-c", command]
        #else
            process.arguments = ["-q", "-e", "-f", "-c", command, errors.path]
        #endif
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Opens the pipe after the process has, because opening for writing blocks without a reader.
    private func openInput(of process: Process) throws -> FileHandle {
        var descriptor: Int32 = -1
        eventuallyBlocking {
            descriptor = open(input, O_WRONLY | O_NONBLOCK)
            return descriptor >= 0 || !process.isRunning
        }
        try #require(descriptor >= 0)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Sends three lines, waits until they are shown, and ends the input. Returns the contents of `errors`.
    private func run(_ process: Process, until text: String?) throws -> String {
        try process.run()
        let pipe = try openInput(of: process)
        try pipe.write(contentsOf: Data(String(repeating: Self.line, count: 3).utf8))
        func shown() throws -> String { String(decoding: try Data(contentsOf: errors), as: UTF8.self) }
        if let text {
            try eventuallyBlocking { try shown().contains(text) }
        } else {
            Thread.sleep(forTimeInterval: 1)
        }
        try pipe.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try shown()
    }

    private var arguments: [String] { ["ingest", "--log", scratch.path("log"), "--store", "memory:", input] }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "needs script"))
    func appearsAtATerminal() throws {
        let shown = try run(processAtTerminal(arguments), until: "3 lines, ")
        #expect(shown.contains("\r\u{1B}[K3 lines, "))
        #expect(shown.contains("applied to "))
        // The progress line is erased at the end.
        let last = shown.range(of: "\r\u{1B}[K", options: .backwards)
        #expect(last.map { !shown[$0.upperBound...].contains("lines") } ?? false)
    }

    @Test func doesNotAppearInAFile() throws {
        let process = try ToolRun.process(arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        #expect(try run(process, until: nil).isEmpty)
    }
}
