/// The verification of a log, which changes nothing. A writer may have the log open.
public enum Verification {
    /// Verifies every byte of every segment, and returns the findings and steps of an opening with the scope
    /// ``WriteAheadLog/RecoveryScope/everything``. Suspends until that is done.
    ///
    /// While a writer appends, the report may leave out the newest records.
    ///
    /// - Throws:
    ///   - ``WALError/Code/notALogDirectory`` if the directory doesn't contain a log.
    ///   - ``WALError/Code/versionTooNew`` if a newer version wrote the log.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read.
    public static func verify(at directory: String) async throws(WALError) -> RecoveryReport {
        try await WriteAheadLog.recoveryPlan(at: directory, scope: .everything)
    }

    /// Verifies every byte of every segment, like ``verify(at:)``. Blocks until that is done.
    @available(*, noasync, message: "Blocks the thread. Await verify(at:) instead.")
    public static func verifyBlocking(at directory: String) throws(WALError) -> RecoveryReport {
        try WriteAheadLog.recoveryPlanBlocking(at: directory, scope: .everything)
    }
}

extension WriteAheadLog {
    /// Returns the findings of an opening, and the steps that it would take, without taking them. Suspends until the
    /// log is examined.
    ///
    /// An opening with the same scope takes exactly these steps if nothing changes in between. If the log has a writer,
    /// the plan assumes that the writer's process ends now.
    ///
    /// - Throws:
    ///   - ``WALError/Code/notALogDirectory`` if the directory doesn't contain a log.
    ///   - ``WALError/Code/versionTooNew`` if a newer version wrote the log.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read.
    public static func recoveryPlan(
        at directory: String, scope: RecoveryScope = .unsealed
    ) async throws(WALError) -> RecoveryReport {
        try await Blocking.run { () throws(WALError) in try recoveryPlanBlocking(at: directory, scope: scope) }
    }

    /// Returns the findings and steps of an opening, like ``recoveryPlan(at:scope:)``. Blocks until the log is
    /// examined.
    @available(*, noasync, message: "Blocks the thread. Await recoveryPlan(at:scope:) instead.")
    public static func recoveryPlanBlocking(
        at directory: String, scope: RecoveryScope = .unsealed
    ) throws(WALError) -> RecoveryReport {
        guard let place = try ifExists({ () throws(WALError) in try Directory(path: directory) }),
            try !place.segmentNumbers().isEmpty
        else { throw WALError.noLog(at: directory) }
        let start = ContinuousClock.now
        var report = try Recovery.plan(place, scope: scope)
        report.duration = ContinuousClock.now - start
        return report
    }
}
