internal import WAL

/// Reads back what earlier processes left in the log, so that it can be read before the store has it.
struct OverlayRecovery {
    /// What was read back, and whether that was all.
    struct Outcome: Sendable {
        var count: UInt64 = 0
        var isComplete = true
        var error: WALError?
    }

    let log: WriteAheadLog
    let overlay: TaskOverlay
    /// Of the flusher: everything up to it is in the store.
    let cursorName: String
    let timeout: Duration

    /// Blocking. To be called before anything is appended or delivered.
    ///
    /// The cursor may be behind the store: what is read back then doesn't change what the store returns, and goes as soon as
    /// the flusher has asked the store.
    func run() -> Outcome {
        var outcome = Outcome()
        let last = log.lastSequence
        let reader = log.reader(from: (log.cursors[cursorName] ?? .zero).next)
        let deadline = ContinuousClock.now + timeout
        var readCount = 0
        do throws(WALError) {
            while reader.nextSequence <= last {
                readCount += 1
                if readCount % 256 == 0, ContinuousClock.now > deadline {
                    outcome.isComplete = false
                    return outcome
                }
                let isRestored = try reader.next { record in
                    // What can't be decoded goes to the dead letters, not into any row.
                    guard let mutation = try? TaskCodec.decode(record.payload) else { return false }
                    overlay.restore(mutation, record.payload, at: record.sequence)
                    return true
                }
                guard let isRestored else { break }
                if isRestored { outcome.count += 1 }
            }
        } catch {
            outcome.isComplete = false
            outcome.error = error
        }
        return outcome
    }
}
