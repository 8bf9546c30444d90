#if MySQL
    internal import WAL

    /// The conversion of microseconds since 1970 to `datetime(6)` in UTC and back, in the Gregorian calendar.
    enum DateTime {
        /// The years 1000 to 9999, which both servers guarantee for a `datetime`.
        static let range: ClosedRange<Int64> = -30_610_224_000_000_000...253_402_300_799_999_999

        /// The size of a text such as `2023-11-14 22:13:20.000000`, in bytes.
        static let textSize = 26

        private static let day: Int64 = 86_400_000_000

        /// Calls `body` with each byte of the text of a time in ``range``, in order.
        static func forEachByte(of microseconds: Int64, _ body: (UInt8) -> Void) {
            let fraction = (microseconds % day + day) % day
            let date = ISO8601.civil(fromDays: (microseconds - fraction) / day)
            func put(_ number: Int64, _ size: Int) {
                var divisor: Int64 = 1
                for _ in 1..<size { divisor *= 10 }
                while divisor > 0 {
                    body(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                    divisor /= 10
                }
            }
            put(date.year, 4)
            body(UInt8(ascii: "-"))
            put(date.month, 2)
            body(UInt8(ascii: "-"))
            put(date.day, 2)
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
            ISO8601.days(fromYear: year, month: month, day: number) * day + time
        }
    }
#endif
