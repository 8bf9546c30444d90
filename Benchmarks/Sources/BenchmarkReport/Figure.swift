import Foundation

/// Formats numbers with three significant digits.
public enum Figure {
    public static func short(_ number: Double) -> String {
        let size = abs(number)
        return switch size {
        case 0: "0"
        case 1_000_000...: digits(number / 1_000_000, size / 1_000_000) + "M"
        case 10_000...: digits(number / 1000, size / 1000) + "k"
        default: digits(number, size)
        }
    }

    /// A median with its range, if there is one.
    public static func short(_ spread: Spread) -> String {
        spread.min == spread.max
            ? short(spread.median)
            : "\(short(spread.median)) [\(short(spread.min))–\(short(spread.max))]"
    }

    public static func time(nanoseconds: Double) -> String {
        switch nanoseconds {
        case 1_000_000_000...: digits(nanoseconds / 1_000_000_000, nanoseconds / 1_000_000_000) + " s"
        case 1_000_000...: digits(nanoseconds / 1_000_000, nanoseconds / 1_000_000) + " ms"
        case 1000...: digits(nanoseconds / 1000, nanoseconds / 1000) + " µs"
        default: digits(nanoseconds, nanoseconds) + " ns"
        }
    }

    private static func digits(_ number: Double, _ size: Double) -> String {
        if number == number.rounded(), size < 1000 { return String(Int(number)) }
        let places = size >= 100 ? 0 : size >= 10 ? 1 : 2
        return String(format: "%.\(places)f", number)
    }
}
