#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The time in seconds at which the interval of a `Date` is 0.
private let referenceDate = 978_307_200.0

extension Timestamp {
    /// Makes a time from a date, to the microsecond. A date past the range of a timestamp gives the nearest timestamp.
    public init(_ date: Date) {
        let interval = date.timeIntervalSinceReferenceDate
        let seconds = interval.rounded(.down)
        // The difference is exact, and its microseconds have fewer digits to lose than those of the whole interval.
        let rest = ((interval - seconds) * 1e6).rounded()
        let microseconds = (seconds + referenceDate) * 1e6 + rest
        self.init(rawValue: Int64(exactly: microseconds) ?? (microseconds > 0 ? .max : .min))
    }
}

extension Date {
    /// Makes a date from a time. Between the years 1730 and 2255, `Timestamp(_:)` gives the same time back.
    public init(_ time: Timestamp) {
        self.init(timeIntervalSinceReferenceDate: (Double(time.rawValue) - referenceDate * 1e6) / 1e6)
    }
}
