@testable import WALLogging

extension FuzzTarget {
    /// A line that was read is written and read again without a change, and its text is one line.
    static let logLine: Run = { bytes in
        guard let line = LogLine(payload: RawSpan(_unsafeBytes: bytes)) else { return }
        precondition(LogLine(payload: line.encoded) == line)
        precondition(!line.description.utf8.contains(0x0A))
    }
}
