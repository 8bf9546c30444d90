/// Checks a log without changing anything, whether or not somebody has it open.
public enum Verification {
    /// Reads every byte of every segment, with `pread`, and reports what opening with the scope
    /// ``WriteAheadLog/RecoveryScope/everything`` would.
    ///
    /// Throws `notALogDirectory`, `versionTooNew`, `inputOutput`. Of a log that is being written to, records that come meanwhile may be left out.
    public static func verify(directory path: String) throws(WALError) -> RecoveryReport {
        let directory = Directory(path: path)
        guard directory.exists, try directory.names().contains(where: { SegmentName.number($0) != nil }) else {
            throw WALError(.notALogDirectory, "\(path) has no log in it. Name the directory of a log.")
        }
        let start = ContinuousClock.now
        let segments = try Recovery.examine(directory, scope: .everything, isWritten: false)
        var report = RecoveryPlan(segments, currentBoot: .current).report
        report.duration = ContinuousClock.now - start
        return report
    }
}
