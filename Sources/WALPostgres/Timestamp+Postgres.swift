#if Postgres
    internal import WAL

    extension Timestamp {
        /// From 1970 to 2000, in microseconds.
        private static let postgresEpoch: Int64 = 946_684_800_000_000

        /// As `timestamptz` has it: microseconds since 2000. What is beyond an `Int64` comes back as the nearest time.
        init(postgres value: Int64) {
            let (sum, overflow) = value.addingReportingOverflow(Self.postgresEpoch)
            self.init(rawValue: overflow ? .max : sum)
        }

        /// As `timestamptz` has it. What it can't hold becomes a number that the server refuses as out of range: `Int64.min`
        /// itself would mean "minus infinity".
        var postgres: Int64 {
            let (difference, overflow) = rawValue.subtractingReportingOverflow(Self.postgresEpoch)
            return overflow ? .min + 1 : difference
        }
    }
#endif
