import Foundation
import Testing

@testable import WAL

/// The decision table of FORMAT.md, so that the test compares the code with the document and not with itself.
struct DecisionDocument: Sendable {
    private var rows: [[String]] = []

    init() throws {
        let document = try #require(FormatDocumentTests.document)
        var lines = document.split(separator: "\n").drop { !$0.hasPrefix("| Row | Content | Followed |") }.dropFirst(2)
        while let line = lines.popFirst(), line.hasPrefix("|") {
            // Without the row's label and its reason.
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            rows.append(Array(cells.dropFirst().dropLast()))
        }
        #expect(rows.count >= 8 && rows.allSatisfy { $0.count == 5 })
    }

    enum Content: String {
        case zero, invalid, cut
    }

    /// The last cell of the only row that matches.
    func decide(_ content: Content, isFollowed: Bool, wasDurable: Bool, isSameBoot: Bool) -> String {
        let evidence = [content.rawValue] + [isFollowed, wasDurable, isSameBoot].map { $0 ? "yes" : "no" }
        let fitting = rows.filter { row in zip(row, evidence).allSatisfy { $0 == "any" || $0 == $1 } }
        #expect(fitting.count == 1, "\(evidence)")
        return fitting.first?.last ?? ""
    }
}
