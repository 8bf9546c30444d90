internal import WAL

/// A counter of lost connections. It distinguishes a record that breaks the sink's connection from an unavailable
/// sink. Pure.
///
/// A loss counts if the connection existed, broke while a step was applied, and a later claim has found the positions
/// unchanged. An unreachable sink answers no claim, so its losses don't count. The same step must break the
/// connection `maxLosses` times in a row before it is halved. From then on each loss halves the suspects again. A
/// record that stands alone must break the connection `maxLosses` times before it is set aside.
struct LossCounter {
    enum Verdict: Hashable {
        case tryAgain
        /// Try a part of the step.
        case smaller
        /// The one record of the step is at fault.
        case setAside
    }

    /// The duration from which the loss of a single record doesn't count. Such a record is slow and not at fault:
    /// time limits end such connections.
    static var slowMin: Duration { .seconds(5) }

    let maxLosses: Int
    private var step: (position: SequenceNumber, recordCount: Int)?
    /// The number of times in a row that the step has broken the connection.
    private(set) var losses = 0

    init(maxLosses: Int) {
        self.maxLosses = maxLosses
    }

    /// Counts a connection that broke while this step was applied, after the sink has answered that the step wasn't
    /// applied.
    mutating func lost(
        position: SequenceNumber, recordCount: Int, isNarrowing: Bool, after duration: Duration
    ) -> Verdict {
        if step?.position != position || step?.recordCount != recordCount { losses = 0 }
        step = (position, recordCount)
        if recordCount == 1, duration >= Self.slowMin { return .tryAgain }
        losses += 1
        if recordCount > 1, isNarrowing || losses >= maxLosses { return .smaller }
        return recordCount == 1 && losses >= maxLosses ? .setAside : .tryAgain
    }

    /// Resets the count after a step was applied, or failed with an answer.
    mutating func answered() {
        losses = 0
        step = nil
    }
}
