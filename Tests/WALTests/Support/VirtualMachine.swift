import Foundation

/// Power cuts by `Scripts/power-cuts`, with the guest program next to the test bundle.
enum VirtualMachine {
    /// `WAL_POWER_CUTS`, or a small number.
    static let cuts = ProcessInfo.processInfo.environment["WAL_POWER_CUTS"].flatMap { Int($0) } ?? 1

    /// Whether there is a machine. With `REQUIRE_SERVERS=1` the test runs without one, and fails.
    static let isWanted =
        ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1" || powerCuts(0, seed: 1).status == 0

    static func powerCuts(_ count: Int, seed: UInt64) -> (status: Int32, output: String) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        let guest = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("PowerCutGuest")
        let process = Process()
        process.executableURL = root.appendingPathComponent("Scripts/power-cuts")
        process.arguments = ["\(count)", "--seed", "\(seed)", "--guest", guest.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        guard (try? process.run()) != nil else { return (-1, "Scripts/power-cuts can't be run") }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
