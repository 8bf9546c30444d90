#if Postgres
    /// The pace of a form of writing that the server may refuse. The pauses double up to 64 batches: where activities are replayed into
    /// a table that has them, most batches go straight to the form that works.
    struct FormPace {
        private static let pauseMax = 64
        private var pause = 0
        private var skipped = 0

        mutating func isDue() -> Bool {
            if skipped == pause { return true }
            skipped += 1
            return false
        }

        mutating func refused() {
            pause = min(max(1, 2 * pause), Self.pauseMax)
            skipped = 0
        }

        mutating func succeeded() {
            pause = 0
            skipped = 0
        }
    }
#endif
