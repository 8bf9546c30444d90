import Testing
import WALTesting

@testable import WALFlow

@Suite struct BegunPathsTests {
    /// Returns a path of up to four nodes, some of them iterators.
    private static func path(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            let id = ["a", "ab", "b"][Int.random(in: 0..<3, using: &generator)]
            let number = Int.random(in: 0...12, using: &generator)
            return Bool.random(using: &generator) ? id : "\(id)[\(number)]"
        }.joined(separator: "/")
    }

    @Test func eachGraphAndElementOfAStepIsFound() {
        var generator = SeededGenerator(seed: 1)
        var (graphCount, elementCount) = (0, 0)
        for count in 0..<40 {
            let paths = (0..<count).map { _ in Self.path(&generator) }
            let begun = BegunPaths(paths)
            for _ in 0..<50 {
                let asked = Self.path(&generator)
                let hasGraph = paths.contains { $0.hasPrefix(asked + "/") }
                let inside = paths.filter { $0.hasPrefix(asked + "[") }
                let elements = inside.map { path in
                    String(path.dropFirst(asked.count + 1).prefix { $0 != "]" })
                }
                #expect(begun.hasGraph(at: asked) == hasGraph, "\(asked) in \(paths)")
                #expect(begun.elements(of: asked) == Set(elements), "\(asked) in \(paths)")
                graphCount += hasGraph ? 1 : 0
                elementCount += elements.count
            }
        }
        #expect(graphCount > 0 && elementCount > 0)
    }

    /// The tool reads logs that anyone may have written.
    @Test func aPathMayHaveAnyForm() {
        let begun = BegunPaths(["", "/", "a[", "a[7", "b]", "c[1]d/e", "f[[2]]"])
        #expect(begun.hasGraph(at: "") && !begun.hasGraph(at: "a"))
        #expect(begun.elements(of: "a").isEmpty && begun.elements(of: "b").isEmpty)
        #expect(begun.elements(of: "c") == ["1"] && begun.elements(of: "f").isEmpty)
        #expect(begun.elements(of: "f[") == ["2"])
    }

    /// All beginnings of such a path together would be larger than the memory.
    @Test func aLongPathCostsOnlyItsOwnBytes() {
        let slashes = String(repeating: "/", count: 1 << 17)
        let brackets = String(repeating: "[", count: 1 << 17) + "7]"
        let begun = BegunPaths([slashes, brackets])
        #expect(begun.hasGraph(at: String(slashes.dropLast())) && !begun.hasGraph(at: slashes))
        #expect(begun.elements(of: String(brackets.dropLast(3))) == ["7"] && begun.elements(of: "[").isEmpty)
    }
}
