/// The sub-DAGs and the elements that a set of steps is in. It needs one pass over the steps, however many of the
/// graphs are asked for.
struct BegunPaths {
    private var graphs: Set<String> = []
    /// The numbers of elements, as the paths have them, by the iterator's path.
    private var elements: [String: Set<String>] = [:]

    /// Takes the paths of the steps.
    init(_ paths: some Sequence<String>) {
        for path in paths {
            for index in path.utf8.indices {
                if path.utf8[index] == UInt8(ascii: "/") {
                    graphs.insert(String(path[..<index]))
                } else if path.utf8[index] == UInt8(ascii: "[") {
                    let rest = path[index...]
                    guard let end = rest.firstIndex(of: "]") else { continue }
                    elements[String(path[..<index]), default: []].insert(String(rest[..<end].dropFirst()))
                }
            }
        }
    }

    /// Whether one of the steps is in the graph of the sub-DAG at a path.
    func hasGraph(at path: String) -> Bool { graphs.contains(path) }

    /// Returns the numbers of the elements of the iterator at a path that have one of the steps.
    func elements(of path: String) -> Set<String> { elements[path] ?? [] }
}
