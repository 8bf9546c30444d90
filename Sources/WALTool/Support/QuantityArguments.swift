import ArgumentParser

/// A number of bytes: `4096`, `64KiB`, `10MiB` or `2GiB`.
struct SizeArgument: ExpressibleByArgument, Sendable {
    let bytes: Int

    init?(argument: String) {
        let units = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        guard let (number, unit) = quantity(argument, units) else { return nil }
        bytes = number * unit
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
        let units: [String: Duration] = [
            "us": .microseconds(1), "µs": .microseconds(1), "ms": .milliseconds(1), "s": .seconds(1),
            "m": .seconds(60), "min": .seconds(60), "h": .seconds(3600), "d": .seconds(86400),
        ]
        guard let (number, unit) = quantity(argument, units) else { return nil }
        duration = unit * number
        // At several places, more microseconds than this don't fit into 64 bits.
        guard duration <= .seconds(100 * 365 * 86400) else { return nil }
    }
}

/// Splits a text into a number and one of the units. Returns nil unless the number is above 0.
private func quantity<Unit>(_ text: String, _ units: [String: Unit]) -> (Int, Unit)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), number > 0, number < 1 << 32, let unit = units[String(text[digits.endIndex...])]
    else { return nil }
    return (number, unit)
}
