import Foundation
import Testing

@testable import WALFlow

@Suite struct VectorPictureTests {
    private struct Rectangle {
        var left, top, right, bottom: Double
    }

    private static func number(_ name: String, _ line: Substring) -> Double? {
        line.range(of: " \(name)=\"").flatMap { Double(line[$0.upperBound...].prefix { $0 != "\"" }) }
    }

    private static func rectangles(_ svg: String) -> [Rectangle] {
        svg.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("<rect"), let x = number("x", line), let y = number("y", line),
                let width = number("width", line), let height = number("height", line)
            else { return nil }
            return Rectangle(left: x, top: y, right: x + width, bottom: y + height)
        }
    }

    /// The straight parts of edges, each within a layer.
    private static func passages(_ svg: String) -> [Rectangle] {
        svg.split(separator: "\n").filter { $0.contains(" H") }.flatMap { line -> [Rectangle] in
            let words = line.split(whereSeparator: { " ,\"".contains($0) }).map(String.init)
            return words.indices.compactMap { index in
                guard words[index].hasPrefix("H"), let right = Double(words[index].dropFirst()),
                    let left = Double(words[index - 2].drop { $0 == "M" }), let y = Double(words[index - 1])
                else { return nil }
                return Rectangle(left: left, top: y, right: right, bottom: y)
            }
        }
    }

    @Test func noEdgeCrossesABox() throws {
        var count = 0
        for seed in 0..<UInt64(60) {
            let shape = try RandomGraph.dag(seed: seed).frozen().shape
            let svg = VectorPicture(view: TaskView(nil)).svg(of: shape)
            let boxes = Self.rectangles(svg)
            for passage in Self.passages(svg) {
                count += 1
                let crossed = boxes.filter {
                    $0.left >= passage.left - 0.2 && $0.right <= passage.right + 0.2 && $0.top <= passage.top
                        && $0.bottom >= passage.top
                }
                #expect(crossed.isEmpty, "seed \(seed)")
            }
        }
        #expect(count > 100)
    }

    /// The journal forgets the steps of an element that has an output.
    @Test func theStepsOfAnElementThatHasEndedAreDone() throws {
        let dag = DAG(name: "Each", key: "each", of: [Int].self) { dag, input in
            dag.addIterator("each", over: input, { $0 }) { body, value in
                let first = body.addNode("first", after: value) { _, value in value }
                return body.addNode("last", after: first) { _, value in value }
            }
        }
        let shape = try dag.frozen().shape
        let body = try #require(shape.nodes.last?.body)
        var journal = TaskJournal(id: "t")
        #expect(TaskView(journal).states(of: body, prefix: "each[0]/")["first"] != .done)
        journal.apply(.result(path: "each[0]/last", attempt: 1, time: Walker.time, label: nil, bytes: [49]))
        #expect(TaskView(journal).states(of: body, prefix: "each[0]/").values.allSatisfy { $0 == .done })
    }
}
