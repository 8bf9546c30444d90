import Foundation
import Testing

@testable import WAL

/// The code writes the bytes that FORMAT.md describes. A reader that is written from the document alone relies on that.
@Suite struct FormatDocumentTests {
    static let document = try? String(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../FORMAT.md"),
        encoding: .utf8)

    @Test func theWorkedExampleIsWhatTheCodeWrites() throws {
        let document = try #require(Self.document)
        if !document.contains(FormatExample.dump) { print(FormatExample.dump) }
        #expect(document.contains(FormatExample.dump))
    }

    @Test func theChecksumVectorsAreWhatTheCodeComputes() throws {
        let document = try #require(Self.document)
        let lines = document.split(separator: "\n").filter { $0.hasPrefix("| `") && $0.contains("crc:") }
        #expect(lines.count >= 5)
        for line in lines {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            let input = cells[0] == "(empty)" ? [] : Self.bytes(cells[0])
            let expected = try #require(UInt32(cells[1].dropFirst("crc:".count), radix: 16))
            #expect(input.withUnsafeBytes { Checksum.of($0) } == expected, "\(cells[0])")
        }
    }

    @Test func theExampleIsAWholeSegment() throws {
        let bytes = FormatExample.bytes
        try bytes.withUnsafeBytes { bytes in
            #expect(SegmentHeader.decode(bytes) == .header(FormatExample.header, damagedCopies: 0))
            let scan = try SegmentScan(SegmentBytes(bytes), header: FormatExample.header)
            #expect(scan.gaps.isEmpty)
            #expect(scan.end.recordCount == 3)
            #expect(scan.footer?.markers.cursors == ["sink/db": 1])
            #expect(scan.footer?.markers.bookmarks["input"]?.position == 2)
        }
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.filter(\.isHexDigit)
        return stride(from: 0, to: digits.count, by: 2).compactMap { index in
            let start = digits.index(digits.startIndex, offsetBy: index)
            return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
        }
    }
}
