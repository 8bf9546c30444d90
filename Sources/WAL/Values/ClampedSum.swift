extension FixedWidthInteger {
    /// Returns the sum, or the nearest value that the type has. For numbers that a file or another program claims.
    package func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum, or the nearest value that the type has.
    package var clampedSum: Element { reduce(0) { $0.addingClamped($1) } }
}
