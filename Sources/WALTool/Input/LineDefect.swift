/// The reason why a line can't be ingested, and the place of the defect in the line.
struct LineDefect: Error, Hashable {
    /// The column in bytes, counted from 1.
    var column: Int
    var reason: String
}
