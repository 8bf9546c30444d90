#if MySQL
    /// The conversion of microseconds since 1970 to `datetime(6)` in UTC and back, in the Gregorian calendar.
    ///
    /// Days are counted in eras of 400 years, and each era has 146,097 days. Years begin on 1 March, so that the leap
    /// day is their last day.
    enum DateTime {
        /// The years 1000 to 9999, which both servers guarantee for a `datetime`.
        static let range: ClosedRange<Int64> = -30_610_224_000_000_000...253_402_300_799_999_999

        /// The size of a text such as `2023-11-14 22:13:20.000000`, in bytes.
        static let textSize = 26

        private static let day: Int64 = 86_400_000_000

        /// Calls `body` with each byte of the text of a time in ``range``, in order.
        static func forEachByte(of microseconds: Int64, _ body: (UInt8) -> Void) {
            let fraction = (microseconds % day + day) % day
            let days = (microseconds - fraction) / day + 719_468
            let era = days / 146_097
            let dayOfEra = days - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shifted = (5 * dayOfYear + 2) / 153
            let month = shifted < 10 ? shifted + 3 : shifted - 9
            let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
            func put(_ number: Int64, _ size: Int) {
                var divisor: Int64 = 1
                for _ in 1..<size { divisor *= 10 }
                while divisor > 0 {
                    body(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                    divisor /= 10
                }
            }
            put(year, 4)
            body(UInt8(ascii: "-"))
            put(month, 2)
            body(UInt8(ascii: "-"))
            put(dayOfYear - (153 * shifted + 2) / 5 + 1, 2)
            body(UInt8(ascii: " "))
            put(fraction / 3_600_000_000, 2)
            body(UInt8(ascii: ":"))
            put(fraction / 60_000_000 % 60, 2)
            body(UInt8(ascii: ":"))
            put(fraction / 1_000_000 % 60, 2)
            body(UInt8(ascii: "."))
            put(fraction % 1_000_000, 6)
        }

        /// Returns the microseconds since 1970 of a date and a time of that day.
        static func microseconds(year: Int64, month: Int64, day number: Int64, time: Int64) -> Int64 {
            let shiftedYear = month <= 2 ? year - 1 : year
            let era = shiftedYear / 400
            let yearOfEra = shiftedYear - era * 400
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + number - 1
            let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            return (era * 146_097 + dayOfEra - 719_468) * day + time
        }
    }
#endif
