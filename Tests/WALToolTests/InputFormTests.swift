import Foundation
import Testing

/// Input that isn't lines of UTF-8 is refused, with a command that converts it. A byte order mark of UTF-8 is skipped.
struct InputFormTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private static let line = #"{"type":"task_delete","task_id":"t"}"#

    private func ingest(_ bytes: [UInt8], _ name: String = "input", throughPipe: Bool = false) throws -> ToolRun {
        let file = scratch.file(name)
        try Data(bytes).write(to: file)
        let arguments = ["ingest", "--log", scratch.path("log"), "--store", "memory:", "--json"]
        return throughPipe
            ? try ToolRun(arguments, input: file) : try ToolRun(arguments + [file.path])
    }

    @Test func byteOrderMark() throws {
        let run = try ingest([0xEF, 0xBB, 0xBF] + Array((Self.line + "\n" + Self.line + "\n").utf8))
        #expect(run.status == 0, "\(run.errors)")
        #expect(try run.json["lines"] as? Int == 2)
        // A mark also counts for the position in a later run, and is skipped only at the beginning.
        let more = try ingest(
            [0xEF, 0xBB, 0xBF] + Array((Self.line + "\n" + Self.line + "\n").utf8) + [0xEF, 0xBB, 0xBF]
                + Array((Self.line + "\n").utf8))
        #expect(more.status == 65)
        #expect(more.errors.contains(":3:1: not valid JSON"))
    }

    /// `append` stores lines unchanged.
    @Test func byteOrderMarkOfARecord() throws {
        let file = scratch.file("input")
        try Data([0xEF, 0xBB, 0xBF] + Array("one\ntwo".utf8)).write(to: file)
        try #require(ToolRun(["append", scratch.path("log")], input: file).status == 0)
        let dump = try ToolRun(["dump", scratch.path("log")]).output
        #expect(dump.contains("\tefbbbf6f6e65\t") && dump.contains("\ttwo\n"))
    }

    @Test(arguments: [[], [0xEF, 0xBB, 0xBF], Array("\n\r\n".utf8)] as [[UInt8]])
    func nothingToTake(bytes: [UInt8]) throws {
        let run = try ingest(bytes)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try run.json["tasks"] as? Int == 0)
    }

    @Test(arguments: [
        ([0x1F, 0x8B, 0x08, 0x00], "gunzip -c "), ([0x28, 0xB5, 0x2F, 0xFD], "zstd -dc "),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz -dc "), (Array("BZh9".utf8), "bunzip2 -c "),
        ([0x04, 0x22, 0x4D, 0x18], "lz4 -dc "), ([0xFF, 0xFE, 0x7B, 0x00], "iconv -f UTF-16"),
        ([0xFE, 0xFF, 0x00, 0x7B], "iconv -f UTF-16"),
    ])
    func otherFormsAreNamed(bytes: [UInt8], command: String) throws {
        let run = try ingest(bytes + [UInt8](repeating: 0, count: 100), "events")
        #expect(run.status == 65)
        #expect(run.errors.contains(command) && run.errors.contains("events | wal ingest"), "\(run.errors)")
        // No file was made.
        #expect(!FileManager.default.fileExists(atPath: scratch.path("log")))
        #expect(try ingest(bytes, throughPipe: true).errors.contains(command))
    }

    @Test func aDirectoryIsNamed() throws {
        let run = try ToolRun(["ingest", "--log", scratch.path("log"), "--store", "memory:", scratch.directory.path])
        #expect(run.status == 65)
        #expect(run.errors.contains("is a directory"))
        #expect(try ToolRun(["ingest", "--log", scratch.path("log"), "--store", "memory:", "-", "-"]).status == 64)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("log")))
    }

    @Test func aNamedPipeIsRead() throws {
        let fifo = scratch.path("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        let process = try ToolRun.process(["ingest", "--log", scratch.path("log"), "--store", "memory:", fifo])
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: fifo))
        try writer.write(contentsOf: Data((Self.line + "\r\n").utf8))
        try writer.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try ToolRun(["dump", scratch.path("log")]).output.contains("task_delete"))
    }
}
