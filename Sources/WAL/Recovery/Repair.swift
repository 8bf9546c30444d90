/// Carries out a recovery plan, file by file in the order of the log.
struct Repair {
    private let directory: Directory
    private(set) var report: RecoveryReport
    private var entries: [EngineState.Entry] = []
    private var named = NamedPositions()
    private let unused = UnusedSpace()

    init(_ directory: Directory, report: RecoveryReport) {
        self.directory = directory
        self.report = report
    }

    mutating func carryOut(_ step: RecoveryPlan.Step) throws(WALError) {
        let segment = step.segment
        if let bridge = step.bridge { try write(bridge.value) }
        if let other = segment.otherName { try letGo(other, of: step) }
        switch step.action {
        case .remove:
            let file = try segment.file
            try directory.remove(segment.name)
            unused.add(removed: file.file)
            tell(.remove, segment.number, step.reason)
        case .setAside:
            try setAside(segment, replacement: nil)
            tell(.setAside, segment.number, step.reason)
        case .keep:
            guard let header = segment.header, let footer = segment.footer ?? segment.scan?.footer else { return }
            add(header, footer, fileSize: segment.diskSize, at: segment.path)
        case .seal(let abandoned):
            guard let header = segment.header else { return }
            try seal(step, header, abandoned)
        case .rewrite(let end):
            guard let header = segment.header else { return }
            try rewrite(step, header, end)
        }
    }

    /// Lets go of the other one of a segment's two files.
    private mutating func letGo(_ other: String, of step: RecoveryPlan.Step) throws(WALError) {
        let number = step.segment.number
        if step.isOtherNeedless {
            try directory.remove(other)
            return tell(.remove, number, RecoveryStep.isUnfinished)
        }
        let file = try ExaminedSegment(
            directory, number: number, isCompressed: !step.segment.isCompressed, isWritten: true)
        try setAside(file, replacement: nil)
        tell(.setAside, number, RecoveryStep.isOther)
    }

    private mutating func tell(_ action: RecoveryStep.Action, _ segment: UInt64, at offset: Int = 0, _ reason: String) {
        report.steps.append(RecoveryStep(action: action, segment: segment, offset: offset, reason: reason))
    }

    private mutating func add(_ header: SegmentHeader, _ footer: SegmentFooter, fileSize: Int, at path: String) {
        unsafe entries.append(
            EngineState.Entry(
                segment: Segment(header: header, path: path),
                end: SegmentEnd(offset: footer.offset, recordCount: footer.finalSequence + 1 - footer.firstSequence),
                footer: footer.withoutIndex, fileSize: fileSize, live: nil, slot: nil))
        named = footer.named
    }

    /// Fills the abandoned places with void frames, each with its first word last, and writes the footer.
    private mutating func seal(
        _ step: RecoveryPlan.Step, _ header: SegmentHeader, _ abandoned: [SegmentScan.Gap]
    ) throws(WALError) {
        guard let scan = step.segment.scan else { return }
        let file = try step.segment.file.file
        if let footer = scan.footer {
            // The writer died between writing the footer and cutting the file behind it.
            unused.add(behind: scan.footerEnd, of: file)
            tell(.cut, header.segmentNumber, at: scan.footerEnd, step.reason)
            return add(header, footer, fileSize: scan.footerEnd, at: step.segment.path)
        }
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        var end = scan.end
        var distance = Frame.durableDistanceUnknown
        for gap in abandoned where gap.isFillable {
            let left = try file.read(at: gap.offset, count: gap.end - gap.offset)
            let frame = unsafe left.withUnsafeBytes { left in
                unsafe Frame.encode(
                    kind: .void, recordIndex: UInt32(clamping: gap.recordIndex), durableDistance: distance, time: 0,
                    body: UnsafeRawBufferPointer(rebasing: left[Frame.headerSize...]), seed: seed, offset: gap.offset)
            }
            try file.write(Array(frame[8...]), at: gap.offset + 8)
            try file.write(Array(frame[..<8]), at: gap.offset)
            end = SegmentEnd(
                offset: max(end.offset, gap.end), recordCount: max(end.recordCount, gap.nextRecordIndex ?? 0))
            tell(.fillClaim, header.segmentNumber, at: gap.offset, RecoveryStep.isAbandoned)
        }
        try PoisonMark.sync(file, number: header.segmentNumber, in: directory)
        // All before the footer is on the disk now.
        distance = 0
        let footer = scan.summary.footer(
            at: SegmentEnd(offset: end.offset, recordCount: step.recordCount), after: named)
        let frame = unsafe footer.encodeBody().withUnsafeBytes { body in
            unsafe Frame.encode(
                kind: .footer, recordIndex: UInt32(clamping: step.recordCount), durableDistance: distance,
                time: Timestamp.now.rawValue, body: body, seed: seed, offset: footer.offset)
        }
        // The commit word last: with a part of it, the next opening would take the end for damaged.
        try file.write(Array(frame[8...]), at: footer.offset + 8)
        try file.write(Array(frame[..<8]), at: footer.offset)
        try PoisonMark.sync(file, number: header.segmentNumber, in: directory)
        unused.add(behind: footer.offset + frame.count, of: file)
        tell(.seal, header.segmentNumber, at: footer.offset, step.reason)
        add(header, footer, fileSize: footer.offset + frame.count, at: step.segment.path)
    }

    /// Puts a segment with nothing but a mark of loss into the place of those that are missing. Without it each opening would
    /// find them missing again.
    private mutating func write(_ bridge: RecoveryPlan.Bridge) throws(WALError) {
        let number = bridge.header.segmentNumber
        let name = SegmentName.rewrite(number)
        try directory.remove(name)
        let file = try File(name, in: directory, .create)
        let written = try SegmentRewrite.write(
            bridge.isAcknowledged ? .lost : .void, bridge.header, recordCount: bridge.recordCount, to: file,
            namedBefore: named)
        try directory.rename(name, to: SegmentName.of(number))
        try directory.sync()
        tell(.standIn, number, bridge.reason)
        add(
            written.header, written.footer, fileSize: written.fileSize,
            at: directory.path(of: SegmentName.of(number)))
    }

    private mutating func rewrite(
        _ step: RecoveryPlan.Step, _ header: SegmentHeader, _ end: Int?
    ) throws(WALError) {
        let name = SegmentName.rewrite(header.segmentNumber)
        try directory.remove(name)
        let file = try File(name, in: directory, .create)
        let buffer = ReadBuffer()
        let predecessor = step.relinks ? entries.last?.asPredecessor : nil
        let written = try SegmentRewrite.write(
            header: header, predecessor: predecessor, contents: try buffer.load(try step.segment.file, isSettled: true),
            to: file, end: end,
            recordCount: step.recordCount, abandoned: step.abandonedOffsets, namedBefore: named)
        try setAside(step.segment, replacement: name)
        try directory.remove(SegmentName.poisoned(header.segmentNumber))
        tell(.rewrite, header.segmentNumber, at: step.offset, step.reason)
        add(
            written.header, written.footer, fileSize: written.fileSize,
            at: directory.path(of: SegmentName.of(header.segmentNumber)))
    }

    /// Keeps a file under another name and removes it from the log, or puts `replacement` in its place, in one step.
    private mutating func setAside(_ segment: ExaminedSegment, replacement: String?) throws(WALError) {
        let damaged = try directory.folder(SegmentName.damagedDirectory)
        let kept = try freeName(for: segment, in: damaged)
        try directory.link(segment.name, to: kept, in: damaged)
        try damaged.sync()
        if let replacement { try directory.rename(replacement, to: SegmentName.of(segment.number)) }
        if replacement == nil || segment.isCompressed {
            try directory.sync()
            try directory.remove(segment.name)
        }
        try directory.sync()
        for index in report.findings.indices where report.findings[index].segment == segment.number {
            report.findings[index].keptAt = damaged.path(of: kept)
        }
    }

    /// A name that no other file is kept under: those without a header have no incarnation to tell them apart.
    private func freeName(for segment: ExaminedSegment, in damaged: Directory) throws(WALError) -> String {
        let suffix = segment.isCompressed ? SegmentName.compressedSuffix : SegmentName.suffix
        let name = SegmentName.damaged(
            segment.number, incarnation: segment.header?.incarnation ?? 0, suffix: suffix)
        var candidate = name
        var count = 1
        let own = try segment.file.file
        while let other = try? File(candidate, in: damaged, .read), try !other.isSame(as: own) {
            count += 1
            candidate = "\(name.dropLast(suffix.count))-\(count)\(suffix)"
        }
        return candidate
    }

    /// Removes what an interrupted recovery or preparation has left, unless a new file had its name meanwhile.
    mutating func finish(_ unfinished: [String]) throws(WALError) {
        for name in unfinished where directory.has(name) {
            try directory.remove(name)
            tell(.remove, SegmentName.unfinishedNumber(name), RecoveryStep.isUnfinished)
        }
        try directory.sync()
    }

    func recovered(_ plan: RecoveryPlan) -> RecoveredLog {
        let last = entries.last
        let ages = AgesAtOpening(run: .now, time: .now, seen: .now).of(
            entries.map(\.segment.header), lastTimes: entries.map(\.lastTime))
        let entries = zip(entries, ages).map { entry, age in
            var entry = entry
            entry.age = age
            return entry
        }
        let nextPosition = last?.end.map { end in last?.segment.position(at: end.offset) ?? 0 }
        return RecoveredLog(
            directory: directory, logID: plan.logID ?? .random(), epoch: plan.epoch, entries: entries,
            nextNumber: plan.nextNumber, nextSequence: plan.nextSequence, nextPosition: nextPosition ?? 0,
            predecessor: last?.asPredecessor ?? .none, named: named, recoveryBody: plan.body,
            recordStep: plan.recordStep,
            unused: unused)
    }
}

extension EngineState.Entry {
    /// The latest time in it.
    fileprivate var lastTime: Int64 {
        guard let footer, footer.recordCount > 0 else { return segment.header.creationTime }
        return footer.lastTime
    }

    /// What the segment behind it says of it.
    fileprivate var asPredecessor: SegmentHeader.Predecessor? {
        end.map { end in
            SegmentHeader.Predecessor(
                number: segment.number, incarnation: segment.header.lineage, length: UInt64(end.offset),
                finalSequence: segment.header.baseSequence + end.recordCount - 1)
        }
    }
}
