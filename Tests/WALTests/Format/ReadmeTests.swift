import Foundation
import Testing

/// The examples in documents are the programs that the build compiles.
@Suite struct ReadmeTests {
    @Test(arguments: [
        ("embed-log", "README.md"), ("buffer-sqlite", "README.md"),
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
}
