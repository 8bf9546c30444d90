extension WriteAheadLog {
    /// Ends the active segment, so that it is sealed and the next record starts another. Suspends while no segment is ready.
    ///
    /// - Throws: The errors of ``append(_:)-(RawSpan)``.
    public func roll() async throws(WALError) {
        try await engine.appender.rollSuspending()
    }

    /// Ends the active segment as ``roll()`` does. Blocks while no segment is ready.
    @available(*, noasync, message: "Blocks the thread. Await roll() instead.")
    public func rollBlocking() throws(WALError) {
        try engine.appender.roll()
    }

    /// Removes the segments that the retention rule no longer keeps, now instead of within a second. Suspends for some syncs of the
    /// directory. Removes nothing if the log is closed.
    public func applyRetention() async {
        await Blocking.run { [engine] in _ = engine.applyRetention() }
    }

    /// Applies the retention rule as ``applyRetention()`` does. Blocks for some syncs of the directory.
    @available(*, noasync, message: "Blocks the thread. Await applyRetention() instead.")
    public func applyRetentionBlocking() {
        engine.applyRetention()
    }
}
