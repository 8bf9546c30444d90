/// Checks a log without changing anything, whether or not somebody has it open.
public enum Verification {
    /// Reads every byte of every segment, with `pread`, and reports what opening with the scope
    /// ``WriteAheadLog/RecoveryScope/everything`` would.
    ///
    /// Throws `notALogDirectory`, `versionTooNew`, `inputOutput`. Of a log that is being written to, records that come meanwhile may be left out.
    public static func verify(directory path: String) throws(WALError) -> RecoveryReport {
        try WriteAheadLog.recoveryPlan(at: path, scope: .everything)
    }

    /// Reads every byte of every segment, and suspends for the time of that; see the form that blocks.
    public static func verify(directory path: String) async throws(WALError) -> RecoveryReport {
        try await WriteAheadLog.recoveryPlan(at: path, scope: .everything)
    }
}

extension WriteAheadLog {
    /// What opening the log in a directory would find, and what it would do to the files, without doing it: see
    /// ``RecoveryReport/findings`` and ``RecoveryReport/steps``.
    ///
    /// Opening with this scope, and nothing else in between, does just that. Of a log that somebody has open, the plan is for what
    /// would be there if that process ended now. Throws `notALogDirectory`, `versionTooNew`, `inputOutput`.
    public static func recoveryPlan(
        at directory: String, scope: RecoveryScope = .unsealed
    ) throws(WALError) -> RecoveryReport {
        let place: Directory
        do throws(WALError) {
            place = try Directory(path: directory)
        } catch {
            throw error.isNoSuchFile ? WALError.noLog(at: directory) : error
        }
        guard try !place.segmentNumbers().isEmpty else { throw WALError.noLog(at: directory) }
        let start = ContinuousClock.now
        var report = try Recovery.plan(place, scope: scope)
        report.duration = ContinuousClock.now - start
        return report
    }
}
