#if Postgres
    internal import WAL

    extension Timestamp {
        /// The time from 1970 to 2000, in microseconds.
        private static let postgresEpoch: Int64 = 946_684_800_000_000

        /// Makes a time from a `timestamptz`, which counts microseconds since 2000. If an `Int64` can't hold the time,
        /// it becomes the nearest one.
        init(postgres value: Int64) {
            let (sum, overflow) = value.addingReportingOverflow(Self.postgresEpoch)
            self.init(rawValue: overflow ? .max : sum)
        }

        /// The time as a `timestamptz`. A time that it can't hold becomes a number that the server refuses as out of
        /// range. `Int64.min` itself would mean "minus infinity".
        var postgres: Int64 {
            let (difference, overflow) = rawValue.subtractingReportingOverflow(Self.postgresEpoch)
            return overflow ? .min + 1 : difference
        }
    }
#endif
