/// Why a line can't be taken in, and where in it.
struct LineDefect: Error, Hashable {
    /// From 1, in bytes.
    var column: Int
    var reason: String
}
