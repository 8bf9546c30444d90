import Testing

@testable import WAL

/// If evidence met no row, or two different rows, the result would be accidental, and acknowledged data could vanish silently.
@Suite struct DecisionTableTests {
    @Test func everyCombinationOfEvidenceMeetsExactlyOneRow() {
        for content in GapEvidence.Content.allCases {
            for bits in 0..<8 {
                let evidence = GapEvidence(
                    content: content, isFollowed: bits & 1 != 0, wasDurable: bits & 2 != 0, isSameBoot: bits & 4 != 0)
                #expect(DecisionTable.rows.count { $0.matches(evidence) } == 1, "\(evidence)")
            }
        }
    }

    @Test func whatWasDurableIsNeverDroppedSilently() {
        for content in GapEvidence.Content.allCases {
            for isFollowed in [false, true] {
                for isSameBoot in [false, true] {
                    let evidence = GapEvidence(
                        content: content, isFollowed: isFollowed, wasDurable: true, isSameBoot: isSameBoot)
                    #expect(DecisionTable.decide(evidence) == .corruption)
                }
            }
        }
    }

    @Test func inTheSameRunOfTheKernelNothingWrittenIsCutOff() {
        for content in GapEvidence.Content.allCases {
            for isFollowed in [false, true] {
                let evidence = GapEvidence(
                    content: content, isFollowed: isFollowed, wasDurable: false, isSameBoot: true)
                #expect(DecisionTable.decide(evidence) != .tornTail)
            }
        }
    }
}
