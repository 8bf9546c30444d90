import Foundation
import Testing

/// The examples in documents are programs that the build compiles.
@Suite struct ReadmeTests {
    @Test(arguments: [
        ("embed-log", "README.md"), ("buffer-sqlite", "Sources/WALTasks/WALTasks.docc/BeforeADatabase.md"),
        ("own-table", "Sources/WALTasks/WALTasks.docc/YourOwnTable.md"),
        ("approval-flow", "Sources/WALFlow/WALFlow.docc/AnOrderWithAnApproval.md"),
        ("log-handler", "Sources/WALLogging/WALLogging.docc/LastWords.md"),
    ])
    func showsTheExampleAsItIs(_ name: String, in document: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: document), encoding: .utf8)
        let folder = root.appending(path: "Examples/Sources/\(name)")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let source = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("```swift\n" + source + "```"))
        }
    }

    /// The README has the part of the program that connects a log with a table.
    @Test func showsTheWiringOfTheOwnTable() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let source = try String(
            contentsOf: root.appending(path: "Examples/Sources/own-table/OwnTable.swift"), encoding: .utf8)
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let first = try #require(lines.firstIndex { $0.hasPrefix("        let format") })
        let last = try #require(lines.firstIndex { $0.hasPrefix("        let flusher") })
        let wiring = lines[first...last].map { $0.dropFirst(8) + "\n" }.joined()
        #expect(readme.contains("```swift\n" + wiring + "```"))
    }

    /// Each step of a tutorial only adds lines, and the last step is the example.
    @Test(arguments: [("WALJournal", "audit-log", "AuditLog", 4), ("WALFlow", "first-flow", "FirstFlow", 3)])
    func theTutorialEndsWithTheExample(_ module: String, _ name: String, _ file: String, _ count: Int) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let resources = root.appending(path: "Sources/\(module)/\(module).docc/Resources")
        let steps = try (1...count).map { step in
            try String(contentsOf: resources.appending(path: "\(name)-\(step).swift"), encoding: .utf8)
        }
        let example = try String(
            contentsOf: root.appending(path: "Examples/Sources/\(name)/\(file).swift"), encoding: .utf8)
        #expect(steps.last == example)
        for step in steps {
            var rest = example.split(separator: "\n")[...]
            for line in step.split(separator: "\n") {
                let place = try #require(rest.firstIndex(of: line), "a line that the example lacks: \(line)")
                rest = rest[(place + 1)...]
            }
        }
    }
}
