import Foundation
import TestSupport
import Testing

/// A run of the built tool, as by a user.
struct ToolRun {
    let status: Int32
    let output: String
    let errors: String

    /// The tool next to the test bundle.
    static let tool: URL = {
        #if os(macOS)
            for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
                return bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("wal")
            }
        #endif
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("wal")
    }()

    static func process(_ arguments: [String], input: URL? = nil) throws -> Process {
        let process = Process()
        process.executableURL = tool
        process.arguments = arguments
        process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        return process
    }

    /// Runs the tool to its end. Output goes into files, so that no pipe can fill up.
    ///
    /// - Parameter isStoppedByItsMessage: If true, the tool gets a SIGTERM once it has written to standard error.
    init(_ arguments: [String], input: URL? = nil, isStoppedByItsMessage: Bool = false) throws {
        let place = try Scratch()
        let (out, err) = (place.file("out"), place.file("err"))
        for file in [out, err] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let process = try Self.process(arguments, input: input)
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        try process.run()
        if isStoppedByItsMessage {
            try eventuallyBlocking { try !Data(contentsOf: err).isEmpty || !process.isRunning }
            process.terminate()
        }
        process.waitUntilExit()
        status = process.terminationStatus
        output = String(decoding: try Data(contentsOf: out), as: UTF8.self)
        errors = String(decoding: try Data(contentsOf: err), as: UTF8.self)
    }

    /// Runs the tool until a run is as wanted, at most for five minutes, and returns the last run. A writer on a busy machine may
    /// publish its status late.
    static func repeated(_ arguments: [String], until isWanted: (ToolRun) throws -> Bool) throws -> ToolRun {
        let end = ContinuousClock.now + .seconds(300)
        while true {
            let run = try ToolRun(arguments)
            if try isWanted(run) || .now >= end { return run }
            usleep(50_000)
        }
    }

    var json: [String: Any] {
        get throws {
            try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "\(output)\(errors)")
        }
    }
}

extension String {
    /// The control characters in a text.
    var controlCharacters: String {
        String(String.UnicodeScalarView(unicodeScalars.filter { $0.properties.generalCategory == .control }))
    }
}

#if os(Linux)
    extension ToolRun {
        /// The items of a `wal doctor --json` that a shell script runs. The script's mounts end with it. `$0` is the tool, and `$1` a
        /// directory.
        static func doctorItems(of script: String) throws -> [[String: Any]] {
            let scratch = try Scratch()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["unshare", "--mount", "sh", "-c", script, tool.path, scratch.directory.path]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let printed = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            let report = try #require(try JSONSerialization.jsonObject(with: printed) as? [String: Any])
            return try #require(report["items"] as? [[String: Any]])
        }
    }
#endif

/// A directory for one test, which exists until its last reference is gone.
final class Scratch {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("wal-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func file(_ name: String) -> URL { directory.appendingPathComponent(name) }
    func path(_ name: String) -> String { file(name).path }

    /// A file with these lines.
    func file(_ name: String, lines: [String]) throws -> URL {
        let url = file(name)
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: url)
        return url
    }
}
