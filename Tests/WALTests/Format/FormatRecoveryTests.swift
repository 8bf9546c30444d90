import Foundation
import Testing

@testable import WAL

/// Verification finds what FORMAT.md states about damaged files. A second implementation is written from these tables.
@Suite struct FormatRecoveryTests {
    @Test func theRowsOfTheDecisionTableAreThoseOfTheCode() throws {
        let rows = try FormatTable.rows(after: "| Row | Content |").map { $0.prefix(6).joined(separator: " ") }
        let code = DecisionTable.rows.map { row in
            let content = row.content.map { "\($0)" } ?? "any"
            return [
                row.label, content, Self.text(row.isFollowed), Self.text(row.wasDurable), Self.text(row.isSameBoot),
                Self.text(row.decision),
            ].joined(separator: " ")
        }
        #expect(rows == code)
    }

    @Test func everyClassOfFindingsIsThereByTheNameThatToolsPrint() throws {
        let rows = try FormatTable.rows(after: "| Finding | Class |")
        #expect(rows.count == RecoveryReport.Classification.allCases.count)
        for row in rows {
            let finding = RecoveryReport.Finding(
                classification: try #require(RecoveryReport.Classification(rawValue: row[2])), segment: 1, offset: 0,
                byteCount: 0, isAcknowledged: false, evidence: "")
            let body = RecoveryBody.encode(RecoveryReport(findings: [finding]))
            #expect(String(body[8]) == row[1])
            #expect(String(finding.classification.isDamage) == row[3])
        }
    }

    @Test func theDamagedExamplesAreFoundAsTheDocumentSays() throws {
        let rows = try FormatTable.rows(after: "| Changes | Boot |")
        #expect(Set(rows.map { $0[2] }).isSuperset(of: DecisionTable.rows.map(\.label)))
        for row in rows {
            let directory = TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
            let name = directory.path + "/" + SegmentName.of(1)
            try Data(try Self.changed(FormatExample.bytes, by: row[0])).write(to: URL(filePath: name))
            let place = try Directory(path: directory.path)
            let segments = try Recovery.examine(
                try LogFiles(in: place), in: place, scope: .everything, isWritten: false)
            let boot = row[1] == "same" ? FormatExample.header.bootID : BootID(low: 1, high: 2)
            let findings = RecoveryPlan(segments, currentBoot: boot).report.findings
            let found = findings.map { finding in
                [
                    finding.classification.rawValue, String(finding.offset), String(finding.byteCount),
                    finding.sequences.map { String($0.lowerBound.rawValue) } ?? "",
                    finding.sequences.map { String($0.upperBound.rawValue) } ?? "", String(finding.isAcknowledged),
                ]
            }
            #expect(found == (row[3].isEmpty ? [] : [Array(row[3...])]), "\(row[0]), \(row[1]) boot")
        }
    }

    @Test func theDamagedRowIsTheExamplesWithOneByteChanged() throws {
        let bytes = try Self.changed(FormatExample.bytes, by: "0418: 69")
        let document = try #require(FormatDocumentTests.document)
        let row = FormatExample.dump(of: bytes).split(separator: "\n").filter { $0.hasPrefix("0410") }
        #expect(document.contains(try #require(row.first)))
    }

    /// Applies the changes that a cell of the document names: `cut 0460`, `grow 100000`, `0418: 69`, in order.
    private static func changed(_ bytes: [UInt8], by cell: String) throws -> [UInt8] {
        var bytes = bytes
        for change in cell == "none" ? [] : cell.components(separatedBy: ", ") {
            let words = change.split(separator: " ")
            switch words[0] {
            case "cut": bytes.removeLast(bytes.count - (try number(words[1])))
            case "grow": bytes += [UInt8](repeating: 0, count: try number(words[1]) - bytes.count)
            default:
                let offset = try number(words[0].dropLast())
                for (index, byte) in words.dropFirst().enumerated() { bytes[offset + index] = UInt8(try number(byte)) }
            }
        }
        return bytes
    }

    private static func number(_ digits: Substring) throws -> Int {
        try #require(Int(digits, radix: 16), "\(digits)")
    }

    private static func text(_ condition: Bool?) -> String { condition.map { $0 ? "yes" : "no" } ?? "any" }

    private static func text(_ decision: GapDecision) -> String {
        switch decision {
        case .cleanEnd: "clean end"
        case .abandonedClaims: "abandoned claims"
        case .tornTail: "torn tail"
        case .corruption: "corruption"
        }
    }
}

/// A table of FORMAT.md.
enum FormatTable {
    /// The cells of each row under the header with this beginning, without backquotes.
    static func rows(after header: String) throws -> [[String]] {
        let document = try #require(FormatDocumentTests.document)
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix(header) }, "no table \(header)")
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
        }
    }
}
