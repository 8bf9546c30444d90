/// Checks a log without changing anything, whether or not a writer has it open.
public enum Verification {
    /// Reads every byte of every segment, and reports the findings and steps of an opening with the scope
    /// ``WriteAheadLog/RecoveryScope/everything``. Suspends for the time of that.
    ///
    /// While a writer appends, the report may leave out the newest records.
    ///
    /// - Throws: ``WALError/Code/notALogDirectory``, ``WALError/Code/versionTooNew``, ``WALError/Code/inputOutput``.
    public static func verify(at directory: String) async throws(WALError) -> RecoveryReport {
        try await WriteAheadLog.recoveryPlan(at: directory, scope: .everything)
    }

    /// Reads every byte of every segment as ``verify(at:)`` does. Blocks for the time of that.
    @available(*, noasync, message: "Blocks the thread. Await verify(at:) instead.")
    public static func verifyBlocking(at directory: String) throws(WALError) -> RecoveryReport {
        try WriteAheadLog.recoveryPlanBlocking(at: directory, scope: .everything)
    }
}

extension WriteAheadLog {
    /// Returns the findings of an opening, and the steps that it would take, without taking them. Suspends for the time of that.
    ///
    /// An opening with the same scope takes exactly these steps if nothing changes in between. For a log with a writer, the plan holds for
    /// the case that the writer's process ends now.
    ///
    /// - Throws: ``WALError/Code/notALogDirectory``, ``WALError/Code/versionTooNew``, ``WALError/Code/inputOutput``.
    public static func recoveryPlan(
        at directory: String, scope: RecoveryScope = .unsealed
    ) async throws(WALError) -> RecoveryReport {
        try await Blocking.run { () throws(WALError) in try recoveryPlanBlocking(at: directory, scope: scope) }
    }

    /// Returns the plan of an opening as ``recoveryPlan(at:scope:)`` does. Blocks for the time of that.
    @available(*, noasync, message: "Blocks the thread. Await recoveryPlan(at:scope:) instead.")
    public static func recoveryPlanBlocking(
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
