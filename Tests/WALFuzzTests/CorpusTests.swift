import Foundation
import Testing

/// Every test run replays the corpora, so that fixed bugs stay fixed.
@Suite struct CorpusTests {
    private static let corpora = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fuzz/Corpora").standardizedFileURL

    @Test(arguments: FuzzTarget.all.keys.sorted())
    func replay(_ name: String) throws {
        let target = try #require(FuzzTarget.all[name])
        let inputs = try FileManager.default.contentsOfDirectory(
            at: Self.corpora.appending(path: name), includingPropertiesForKeys: nil)
        #expect(!inputs.isEmpty)
        for input in inputs { try Data(contentsOf: input).withUnsafeBytes { target($0) } }
    }
}
