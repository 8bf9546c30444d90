internal import WAL

/// Tells a record that breaks the sink's connection from a sink that is away. Pure.
///
/// A loss counts when the connection was there, broke while a step was applied, and a claim since then has found the
/// positions where they were. A sink that can't be reached answers no claim, so it counts nothing. The same step must break the
/// connection `maxLosses` times in a row before it is halved. From then on each loss halves the suspects again. A record that
/// stands alone must break it `maxLosses` times by itself before it is set aside.
struct LossCounter {
    enum Verdict: Hashable {
        case tryAgain
        /// Try a part of the step.
        case smaller
        /// The one record of the step is at fault.
        case setAside
    }

    /// A record that stands alone and is lost only after so long is slow, and not at fault: time limits end such connections.
    static var slowMin: Duration { .seconds(5) }

    let maxLosses: Int
    private var step: (position: SequenceNumber, recordCount: Int)?
    /// How often the step has broken the connection in a row.
    private(set) var losses = 0

    init(maxLosses: Int) {
        self.maxLosses = maxLosses
    }

    /// The connection broke while a step with this position was applied, and the sink has answered since that it wasn't.
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

    /// A step was applied, or failed with an answer.
    mutating func answered() {
        losses = 0
        step = nil
    }
}
