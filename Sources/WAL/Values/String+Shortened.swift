extension String {
    /// Returns the text, or its first `count` Unicode scalars and an ellipsis. For the texts of errors, which can have any length.
    package func shortened(to count: Int) -> String {
        guard let end = unicodeScalars.index(startIndex, offsetBy: count, limitedBy: endIndex), end < endIndex else {
            return self
        }
        return self[..<end] + "…"
    }
}
