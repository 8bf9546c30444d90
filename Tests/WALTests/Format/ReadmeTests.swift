import Foundation
import Testing

/// The README's examples are the programs that the build compiles.
@Suite struct ReadmeTests {
    @Test(arguments: ["embed-log", "log-handler", "buffer-sqlite"]) func showsTheExampleAsItIs(_ name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let folder = root.appending(path: "Examples/Sources/\(name)")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let source = try String(contentsOf: file, encoding: .utf8)
            #expect(readme.contains("```swift\n" + source + "```"))
        }
    }
}
