#if MySQL
    import Testing
    import WAL

    @testable import WALMySQL

    @Suite struct DateTimeTests {
        private func text(_ microseconds: Int64) -> String {
            var bytes: [UInt8] = []
            DateTime.forEachByte(of: microseconds) { bytes.append($0) }
            return String(decoding: bytes, as: UTF8.self)
        }

        @Test(
            arguments: [
                (0, "1970-01-01 00:00:00.000000"), (-1, "1969-12-31 23:59:59.999999"),
                (1_700_000_000_123_456, "2023-11-14 22:13:20.123456"),
                (951_782_400_000_000, "2000-02-29 00:00:00.000000"),
                (-2_203_977_600_000_000, "1900-02-28 00:00:00.000000"),
                (DateTime.range.lowerBound, "1000-01-01 00:00:00.000000"),
                (DateTime.range.upperBound, "9999-12-31 23:59:59.999999"),
            ] as [(Int64, String)])
        func knownTimes(_ microseconds: Int64, _ expected: String) {
            #expect(text(microseconds) == expected)
        }

        /// Compares the calendar with a count of the days, month by month.
        @Test func everyMonthHasItsDays() {
            var time = DateTime.range.lowerBound
            for year in Int64(1000)...9999 {
                let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
                let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
                for (month, length) in zip(Int64(1)...12, lengths) {
                    #expect(DateTime.microseconds(year: year, month: month, day: 1, time: 0) == time)
                    time += length * 86_400_000_000
                    #expect(text(time - 1) == "\(year)-\(month < 10 ? "0" : "")\(month)-\(length) 23:59:59.999999")
                }
            }
            #expect(time == DateTime.range.upperBound + 1)
        }

        /// Compares with the reader of ISO 8601.
        @Test func everyTimeComesBack() {
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<20_000 {
                let time = Int64.random(in: DateTime.range, using: &generator)
                let written = text(time)
                #expect(written.utf8.count == DateTime.textSize)
                #expect(Timestamp(written.replacing(" ", with: "T") + "Z")?.rawValue == time)
                let digits = written.split { !$0.isNumber }.compactMap { Int64($0) }
                let ofDay = ((digits[3] * 60 + digits[4]) * 60 + digits[5]) * 1_000_000 + digits[6]
                #expect(
                    DateTime.microseconds(year: digits[0], month: digits[1], day: digits[2], time: ofDay) == time)
            }
        }
    }
#endif
