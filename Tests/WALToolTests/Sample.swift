import Foundation

/// The repository's sample input, and the contents that a store must have afterwards.
enum Sample {
    static let lineCount = 20_000

    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Examples")

    /// The input file, unpacked into a scratch directory.
    static func unpack(into scratch: Scratch) throws -> URL {
        let file = scratch.file("events.ndjson")
        let packed = directory.appendingPathComponent("loan-applications-20000.ndjson.gz")
        try shell("gzip", ["-dc", packed.path], output: file)
        return file
    }

    struct Summary: Decodable, Equatable {
        var tasks: Int
        var activities: Int
        var final_tasks_sha256: String
    }

    static func summary() throws -> Summary {
        let file = directory.appendingPathComponent("loan-applications-20000.summary.json")
        return try JSONDecoder().decode(Summary.self, from: Data(contentsOf: file))
    }

    /// The summary of a database, computed by independent programs.
    static func summary(ofDatabase path: String) throws -> Summary {
        let digest = directory.deletingLastPathComponent().appendingPathComponent("Scripts/digest").path
        return Summary(
            tasks: Int(try query(path, "SELECT count(*) FROM dag_tasks")) ?? -1,
            activities: Int(try query(path, "SELECT count(*) FROM dag_task_activity_logs")) ?? -1,
            final_tasks_sha256: try shell(digest, [path]))
    }

    static func query(_ path: String, _ statement: String) throws -> String {
        // The tool may be writing.
        try shell("sqlite3", ["-cmd", ".timeout 60000", path, statement])
    }

    private struct Failed: Error {
        let command: String, arguments: [String]
    }

    @discardableResult
    private static func shell(_ command: String, _ arguments: [String], output file: URL? = nil) throws -> String {
        let scratch = try Scratch()
        let file = file ?? scratch.file("output")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardOutput = try FileHandle(forWritingTo: file)
        try process.run()
        process.waitUntilExit()
        // Not `#require`, because callers repeat a query until a table exists.
        guard process.terminationStatus == 0 else { throw Failed(command: command, arguments: arguments) }
        guard file.path.hasSuffix("output") else { return "" }
        return String(decoding: try Data(contentsOf: file), as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
