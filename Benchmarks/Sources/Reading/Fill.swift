import ArgumentParser
import Contenders
import Foundation
import WAL

/// Appends to a log in a separate process, which closes the log or ends by `kill -9`.
struct Fill: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)

    @Argument var directory: String
    @Option var bytes: Int
    @Option var payload: Int
    @Option var segmentSize = LogUnderTest.segmentSize
    @Flag(help: "Holes instead of what is in the middle of sealed segments.") var sparse = false
    @Flag(help: "Ends by SIGKILL.") var kill = false
    @Flag(help: "What was appended is durable before.") var durable = false

    func run() throws {
        var configuration = LogUnderTest.configuration(.manual)
        configuration.segmentSize = segmentSize
        let log = try LogUnderTest.open(in: directory, configuration)
        let payload = Payload(size: payload)
        var hollow = HollowSegments()
        for number in 0..<bytes / payload.size {
            try log.appendBlocking(payload.bytes.span.bytes)
            if sparse, number % (16 << 10) == 0 { try hollow.hollow(out: log.segments) }
        }
        if durable { try log.waitUntilDurableBlocking(log.lastSequence) }
        if kill {
            raise(SIGKILL)
        } else {
            try log.closeBlocking()
            if sparse { try hollow.hollow(out: ReadOnlyLog(at: directory + "/log").segments) }
        }
    }

    /// Fills the log in a separate process.
    static func run(
        _ directory: String, bytes: Int, payload: Int, segmentSize: Int = LogUnderTest.segmentSize,
        sparse: Bool = false, kill: Bool = false, durable: Bool = false
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments =
            ["fill", directory, "--bytes", "\(bytes)", "--payload", "\(payload)", "--segment-size", "\(segmentSize)"]
            + (sparse ? ["--sparse"] : [])
            + (kill ? ["--kill"] : []) + (durable ? ["--durable"] : [])
        try process.run()
        process.waitUntilExit()
        let isAsWanted =
            kill
            ? process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
            : process.terminationStatus == 0
        guard isAsWanted else { throw Failed(status: process.terminationStatus) }
    }

    struct Failed: Error, CustomStringConvertible {
        let status: Int32
        var description: String { "the process that should fill a log ended with \(status)" }
    }
}
