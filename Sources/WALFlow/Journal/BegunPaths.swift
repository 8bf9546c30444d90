/// The sub-DAGs and the elements that a set of steps is in. It needs one pass over the steps, however many of the
/// graphs are asked for.
///
/// It keeps no copy of a path's beginnings, which would take the square of the size of a forged path.
struct BegunPaths {
    /// The part of a path from one `/` or `[` up to the next one, after the place of the part before it.
    private struct Part: Hashable {
        let place: Int
        let text: Substring
    }

    /// The place of each part. The first part of a path comes after the place 0.
    private var places: [Part: Int] = [:]
    /// The places of sub-DAGs and elements.
    private var graphs: Set<Int> = []
    /// The numbers of elements, as the paths have them, by the iterator's place.
    private var elements: [Int: Set<String>] = [:]

    /// Takes the paths of the steps.
    init(_ paths: some Sequence<String>) {
        for path in paths {
            var (place, start) = (0, path.startIndex)
            for index in path.utf8.indices where Self.isSeparator(path.utf8[index]) {
                place = add(Part(place: place, text: path[start..<index]))
                start = index
                if path.utf8[index] == UInt8(ascii: "/") {
                    graphs.insert(place)
                } else if let number = Self.number(path[index...]) {
                    elements[place, default: []].insert(number)
                }
            }
        }
    }

    /// Whether one of the steps is in the graph of the sub-DAG at a path.
    func hasGraph(at path: String) -> Bool {
        guard let found = place(of: path) else { return false }
        return graphs.contains(found)
    }

    /// Returns the numbers of the elements of the iterator at a path that have one of the steps.
    func elements(of path: String) -> Set<String> {
        guard let found = place(of: path) else { return [] }
        return elements[found] ?? []
    }

    private mutating func add(_ part: Part) -> Int {
        if let known = places[part] { return known }
        let place = places.count + 1
        places[part] = place
        return place
    }

    private func place(of path: String) -> Int? {
        var (place, start) = (0, path.startIndex)
        for index in path.utf8.indices where Self.isSeparator(path.utf8[index]) {
            guard let next = places[Part(place: place, text: path[start..<index])] else { return nil }
            (place, start) = (next, index)
        }
        return places[Part(place: place, text: path[start...])]
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "[")
    }

    /// Returns the digits of an element's number at the beginning of a text such as `[7]/pick`.
    private static func number(_ text: Substring) -> String? {
        let digits = text.utf8.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let end = digits.endIndex
        guard !digits.isEmpty, end < text.endIndex, text.utf8[end] == UInt8(ascii: "]") else { return nil }
        return String(text[digits.startIndex..<end])
    }
}
