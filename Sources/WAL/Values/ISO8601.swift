/// Reads and writes ISO 8601 times without Foundation. Its formatters take 100 times as long, and the log reads and
/// writes many times.
package enum ISO8601 {
    static func format(_ time: Timestamp) -> String {
        let microsecondsPerDay: Int64 = 86_400_000_000
        var days = time.rawValue / microsecondsPerDay
        var rest = time.rawValue % microsecondsPerDay
        if rest < 0 {
            days -= 1
            rest += microsecondsPerDay
        }
        let (year, month, day) = civil(fromDays: days)
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        let decimals = fraction % 1000 == 0 ? pad(fraction / 1000, 3) : pad(fraction, 6)
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
            + "T\(pad(seconds / 3600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2)).\(decimals)Z"
    }

    static func parse(_ bytes: RawSpan) -> Timestamp? {
        var digits = Scanner(bytes)
        guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
            let day = digits.number(2), digits.skip("T") || digits.skip("t") || digits.skip(" "),
            let hour = digits.number(2), digits.skip(":"), let minute = digits.number(2), digits.skip(":"),
            let second = digits.number(2), (1...12).contains(month), day >= 1, day <= days(in: month, of: year),
            hour < 24, minute < 60, second < 61
        else { return nil }
        guard let microseconds = digits.fraction(), let offset = digits.zone(), digits.isAtEnd else { return nil }
        let seconds = days(fromYear: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second - offset
        return Timestamp(rawValue: seconds * 1_000_000 + microseconds)
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
    }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil and civil_from_days.

    /// Returns the number of days from 1970-01-01 to a date of the Gregorian calendar.
    package static func days(fromYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Returns the date that many days after 1970-01-01.
    package static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private struct Scanner: ~Escapable {
        private let bytes: RawSpan
        private var offset = 0

        @_lifetime(copy bytes)
        init(_ bytes: RawSpan) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { offset == bytes.byteCount }

        /// The next byte, or 0 at the end. No time contains a 0 byte.
        private var next: UInt8 {
            isAtEnd ? 0 : unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        }

        @_lifetime(self: copy self)
        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard UInt32(next) == character.value else { return false }
            offset += 1
            return true
        }

        @_lifetime(self: copy self)
        mutating func digit() -> Int64? {
            let byte = next
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            offset += 1
            return Int64(byte - 0x30)
        }

        @_lifetime(self: copy self)
        mutating func number(_ count: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Reads the decimals of a second and returns them as microseconds; 0 if there are none.
        @_lifetime(self: copy self)
        mutating func fraction() -> Int64? {
            guard skip(".") || skip(",") else { return 0 }
            guard var value = digit() else { return nil }
            var count = 1
            while let digit = digit() {
                count += 1
                guard count <= 9 else { return nil }
                if count <= 6 { value = value * 10 + digit }
            }
            while count < 6 {
                value *= 10
                count += 1
            }
            return value
        }

        /// Reads a time zone and returns its offset in seconds east of UTC.
        @_lifetime(self: copy self)
        mutating func zone() -> Int64? {
            if skip("Z") || skip("z") { return 0 }
            let sign: Int64 = if skip("+") { 1 } else if skip("-") { -1 } else { 0 }
            guard sign != 0, let hours = number(2) else { return nil }
            _ = skip(":")
            guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}
