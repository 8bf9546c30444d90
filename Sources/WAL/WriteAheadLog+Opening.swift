public import Logging
public import Metrics

extension WriteAheadLog {
    /// Opens the log in a directory, or creates it there, and recovers it. Suspends for the time of the recovery, and runs to its end even
    /// if the task is canceled.
    ///
    /// - Parameters:
    ///   - directory: The path of the log's directory, made if it isn't there. The log owns it.
    ///   - configuration: The configuration of the log.
    ///   - logger: Logs openings, closings and changes of state.
    ///   - metrics: The backend of the log's metrics.
    /// - Throws:
    ///   - ``WALError/Code/locked`` while another writer has the log.
    ///   - ``WALError/Code/notALogDirectory`` if the directory has other files.
    ///   - ``WALError/Code/versionTooNew`` if a newer version wrote the log.
    ///   - ``WALError/Code/corrupted`` if the log is damaged, under ``DamagePolicy/strict``.
    ///   - ``WALError/Code/replica`` if the log is a replica.
    ///   - ``WALError/Code/invalidArgument`` if the configuration isn't possible.
    ///   - ``WALError/Code/unsupportedFileSystem``, ``WALError/Code/untrusted``, ``WALError/Code/diskFull``,
    ///     ``WALError/Code/inputOutput``.
    public static func open(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) async throws(WALError) -> WriteAheadLog {
        try await Blocking.run { () throws(WALError) in
            try openBlocking(at: directory, configuration: configuration, logger: logger, metrics: metrics)
        }
    }

    /// Opens the log in a directory as ``open(at:configuration:logger:metrics:)`` does. Blocks for the time of the recovery.
    @available(*, noasync, message: "Blocks the thread for the time of the recovery. Await open(at:) instead.")
    public static func openBlocking(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) throws(WALError) -> WriteAheadLog {
        try configuration.validate()
        return try WriteAheadLog(
            in: Directory.make(directory), configuration: configuration, logger: logger, metrics: metrics)
    }

    /// Makes everything durable, seals the active segment, and frees the directory. Suspends until that is done, and
    /// runs to its end even if the task is canceled.
    ///
    /// Waits for appends that are under way; later ones throw ``WALError/Code/closed``. A second call does nothing.
    ///
    /// - Throws: ``WALError/Code/indeterminate`` if not everything could be made durable. The directory is free all the same.
    public func close() async throws(WALError) {
        try await Blocking.run { [engine] () throws(WALError) in try engine.close() }
    }

    /// Closes the log as ``close()`` does. Blocks until that is done.
    @available(*, noasync, message: "Blocks the thread. Await close() instead.")
    public func closeBlocking() throws(WALError) {
        try engine.close()
    }
}
