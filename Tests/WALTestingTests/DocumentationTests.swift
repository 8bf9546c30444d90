import Foundation
import Testing

/// The examples in the articles are the code that these tests run.
@Suite struct DocumentationTests {
    @Test(arguments: [
        ("WALTesting", "TestingYourOwnSink", "DictionaryFixture"),
        ("WALTesting", "TestingYourOwnSink", "DictionarySinkTests"),
        ("WALTesting", "CrashingALog", "CrashingALogTests"),
        ("WALDelivery", "YourOwnSink", "FileSink"),
        ("WALDelivery", "YourOwnSink", "../../../Examples/Sources/own-sink/OwnSink"),
    ]) func showsTheExampleAsItIs(_ module: String, _ article: String, _ name: String) throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let page = tests.appending(path: "../../Sources/\(module)/\(module).docc/\(article).md")
        let source = try String(contentsOf: tests.appending(path: "Example/\(name).swift"), encoding: .utf8)
        #expect(try String(contentsOf: page, encoding: .utf8).contains("```swift\n" + source + "```"))
    }
}
