extension RecoveryPlan {
    /// The steps in the order in which ``Repair`` carries them out. Segments after a torn end come first, newest first:
    /// once the torn segment is rewritten, they would seem to belong to the log.
    var orderedSteps: [Step] {
        let setAside = steps.reversed().filter { $0.action == .setAside }
        return setAside.isEmpty ? steps : setAside + steps.filter { $0.action != .setAside }
    }

    /// Returns the steps as a report lists them, in the order in which ``Repair`` carries them out. `unfinished` are
    /// the files left by an interrupted recovery, preparation or compression.
    func reportedSteps(unfinished: [String]) -> [RecoveryStep] {
        let written = steps.flatMap(\.numbersWritten).map(SegmentName.temporary)
        let removed = unfinished.filter { !written.contains($0) }.map {
            RecoveryStep(
                action: .remove, segment: SegmentName.unfinishedNumber($0), offset: 0, reason: RecoveryStep.isUnfinished
            )
        }
        return orderedSteps.flatMap(\.reported) + removed + (recordStep.map { [$0] } ?? [])
    }

    /// The last step, which opening takes when it writes the new segment.
    var recordStep: RecoveryStep? {
        guard body != nil else { return nil }
        return RecoveryStep(
            action: .record, segment: nextNumber, offset: SegmentHeader.size,
            reason: report.findings.isEmpty
                ? "an earlier recovery was interrupted before it wrote them"
                : "so that readers and tools can report them; the epoch becomes \(epoch)")
    }
}

extension RecoveryPlan.Step {
    /// The numbers of the segments for which the step writes new files.
    fileprivate var numbersWritten: [UInt64] {
        let own: [UInt64] = if case .rewrite = action { [segment.number] } else { [] }
        return own + (placeholder.map { [$0.value.header.segmentNumber] } ?? [])
    }

    fileprivate var reported: [RecoveryStep] {
        let before = placeholder.map { [step(.placeholder, $0.value.header.segmentNumber, 0, $0.value.reason)] } ?? []
        return before + duplicateSteps + ownSteps
    }

    private var duplicateSteps: [RecoveryStep] {
        guard segment.duplicateName != nil else { return [] }
        return [
            isDuplicateDisposable
                ? step(.remove, segment.number, 0, RecoveryStep.isUnfinished)
                : step(.setAside, segment.number, 0, RecoveryStep.isOther)
        ]
    }

    private var ownSteps: [RecoveryStep] {
        switch action {
        case .keep: []
        case .remove: [step(.remove, segment.number, 0, reason)]
        case .setAside: [step(.setAside, segment.number, 0, reason)]
        case .rewrite: [step(.rewrite, segment.number, offset, reason)]
        case .seal(let abandoned): sealSteps(abandoned)
        }
    }

    private func sealSteps(_ gaps: [SegmentScan.Gap]) -> [RecoveryStep] {
        guard let scan = segment.scan else { return [] }
        if scan.footer != nil { return [step(.cut, segment.number, scan.footerEnd, reason)] }
        let end = gaps.reduce(scan.end.offset) { max($0, $1.end) }
        return gaps.map { step(.fillClaim, segment.number, $0.offset, RecoveryStep.isAbandoned) }
            + [step(.seal, segment.number, end, reason)]
    }

    private func step(
        _ action: RecoveryStep.Action, _ number: UInt64, _ offset: Int, _ reason: String
    ) -> RecoveryStep {
        RecoveryStep(action: action, segment: number, offset: offset, reason: reason)
    }
}

/// Reasons that need no evidence. Tests/Independent/compare.py knows the last two by their first words.
extension RecoveryStep {
    static let isAbandoned = "its producer died between claiming and committing it"
    static let isOther = "the segment has two files, and the other one counts"
    static let isUnfinished = "left by an interrupted recovery, preparation or compression"
}
