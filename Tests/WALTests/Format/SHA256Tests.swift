import Foundation
import Testing

@testable import WAL

/// With a wrong digest, another program would reject every backup.
struct SHA256Tests {
    /// The examples of NIST for FIPS 180-4.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]) func publishedVectors(_ text: String, _ digest: String) {
        #expect(SHA256.hexadecimalDigest(of: Array(text.utf8)) == digest)
    }

    /// Every length near the ends of blocks, added in two pieces.
    @Test func anotherProgramComputesTheSame() throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.currentDirectoryURL = URL(filePath: directory.path)
        process.arguments = ["sha256sum"]
        var expected = ""
        for length in 0...200 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ length) }
            let name = "file-\(length)"
            try Data(bytes).write(to: URL(filePath: "\(directory.path)/\(name)"))
            process.arguments?.append(name)
            var hash = SHA256()
            hash.add(Array(bytes.prefix(length / 3)))
            hash.add(Array(bytes.dropFirst(length / 3)))
            expected += "\(hash.hexadecimalDigest())  \(name)\n"
        }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let found = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(found == expected)
    }
}
