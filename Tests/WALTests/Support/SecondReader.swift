import Foundation

/// The readers in another language, written from FORMAT.md alone (`Tests/Independent`).
enum SecondReader {
    /// Returns the output of a reader for a directory.
    static func output(_ script: String, _ directory: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3",
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Independent/\(script)").path,
            directory,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return data
    }
}
