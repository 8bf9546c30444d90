extension WriteAheadLog {
    /// Why appending fails at the moment; nil while records are taken. Takes a lock that appends don't, and waits for nothing.
    ///
    /// `diskFull` or another failure of the disk, `logFull` while the disk budget is used up, `poisoned` after a failed sync, `closed`.
    /// The log retries by itself every second, even without appends. The property is nil again soon after there is space.
    public var refusal: WALError? {
        engine.state.withLock { $0.refusal }
    }
}

extension EngineState {
    var refusal: WALError? {
        do throws(WALError) { try requireOpen() } catch { return error }
        return isWithoutSegment ? preparation.obstacle : nil
    }

    /// Whether the active segment has ended, and no other is ready.
    private var isWithoutSegment: Bool { entries.last?.end != nil && !isNextReady }

    /// Where nobody appends any more because nothing is taken, nobody else would try whether that has changed.
    mutating func retryPreparation() {
        guard let obstacle = preparation.obstacle else { return }
        // A try on a full disk writes what space there is: rarely, as long as records are taken.
        let isDue = preparation.lastFailure.map { ContinuousClock.now - $0 >= .seconds(10) } ?? true
        if isWithoutSegment || obstacle.code == .logFull || isDue { preparation.askAgain() }
    }
}
