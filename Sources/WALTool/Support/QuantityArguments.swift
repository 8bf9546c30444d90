import ArgumentParser

/// A number of bytes: `4096`, `64KiB`, `10MiB` or `2GiB`.
struct SizeArgument: ExpressibleByArgument, Sendable {
    let bytes: Int

    init?(argument: String) {
        guard let (number, unit) = Quantity.split(argument), number < 1 << 32 else { return nil }
        switch unit {
        case "", "B": bytes = number
        case "KiB": bytes = number << 10
        case "MiB": bytes = number << 20
        case "GiB": bytes = number << 30
        default: return nil
        }
    }
}

/// A time span: `5ms`, `30s`, `15m`, `12h` or `7d`, at most 100 years.
struct DurationArgument: ExpressibleByArgument, Sendable {
    let duration: Duration

    var defaultValueDescription: String { "\(duration / .seconds(1))s".replacing(".0s", with: "s") }

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let (number, unit) = Quantity.split(argument), number < 1 << 32 else { return nil }
        switch unit {
        case "us", "µs": duration = .microseconds(number)
        case "ms": duration = .milliseconds(number)
        case "s": duration = .seconds(number)
        case "m", "min": duration = .seconds(60 * number)
        case "h": duration = .seconds(3600 * number)
        case "d": duration = .seconds(86400 * number)
        default: return nil
        }
        // At several places, more microseconds than this don't fit into 64 bits.
        guard duration <= .seconds(100 * 365 * 86400) else { return nil }
    }
}

/// A number with a unit.
enum Quantity {
    /// Splits a text into a number and a unit. Returns nil unless the number is above 0.
    static func split(_ text: String) -> (Int, Substring)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), number > 0 else { return nil }
        return (number, text[digits.endIndex...])
    }
}
