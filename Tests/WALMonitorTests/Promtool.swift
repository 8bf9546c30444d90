import Foundation

/// The checker of Prometheus.
struct Promtool {
    private let path: String

    /// Returns nil if it isn't installed. With `REQUIRE_SERVERS=1` that is an error.
    static func find() throws -> Promtool? {
        let path = "/usr/bin/promtool"
        if FileManager.default.isExecutableFile(atPath: path) { return Promtool(path: path) }
        guard ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] != "1" else { throw Missing() }
        return nil
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "promtool isn't installed: apt-get install prometheus" }
    }

    /// Runs it, and returns its exit status and its complete output.
    func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let (standardInput, output) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
    }
}
