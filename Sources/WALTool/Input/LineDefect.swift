/// The reason why a line can't be ingested, and its place in the line.
struct LineDefect: Error, Hashable {
    /// The column in bytes, from 1.
    var column: Int
    var reason: String
}
