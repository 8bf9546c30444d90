#if Postgres
    /// The pace of attempts to write in a form that the server may refuse. After each refusal, the next batches skip
    /// the form: first one batch, then twice as many as before, up to 64. So if activities are replayed into a table
    /// that has them, most batches immediately use the form that works.
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
