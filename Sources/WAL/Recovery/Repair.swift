/// The execution of a recovery plan, file by file in the order of the log.
struct Repair {
    private let directory: Directory
    private(set) var report: RecoveryReport
    private var entries: [CatalogEntry] = []
    private var markers = Markers()
    private let unused = ReclaimableSpace()
    /// Whether a file was removed without a sync of the directory.
    private var hasRemoved = false

    init(_ directory: Directory, report: RecoveryReport) {
        self.directory = directory
        self.report = report
    }

    mutating func carryOut(_ step: RecoveryPlan.Step) throws(WALError) {
        let segment = step.segment
        if let placeholder = step.placeholder { try write(placeholder.value) }
        if let other = segment.duplicateName { try discardDuplicate(other, of: step) }
        switch step.action {
        case .remove:
            let file = try segment.file
            try remove(segment.name)
            unused.add(removed: file.file)
        case .setAside:
            try setAside(segment, replacement: nil)
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

    /// Removes the other one of a segment's two files, or sets it aside.
    private mutating func discardDuplicate(_ other: String, of step: RecoveryPlan.Step) throws(WALError) {
        let number = step.segment.number
        if step.isDuplicateDisposable {
            try remove(other)
            return
        }
        let file = try ExaminedSegment(
            directory, number: number, isCompressed: !step.segment.isCompressed, isWritten: true)
        try setAside(file, replacement: nil)
    }

    private mutating func add(_ header: SegmentHeader, _ footer: SegmentFooter, fileSize: Int, at path: String) {
        entries.append(
            CatalogEntry(
                segment: Segment(header: header, path: path), stage: .durable(footer.withoutIndex), fileSize: fileSize))
        markers = footer.markers
    }

    /// Fills the abandoned places with void frames, each with its commit word stored last, and writes the footer.
    private mutating func seal(
        _ step: RecoveryPlan.Step, _ header: SegmentHeader, _ abandoned: [SegmentScan.Gap]
    ) throws(WALError) {
        guard let scan = step.segment.scan else { return }
        let file = try step.segment.file.file
        if let footer = scan.footer {
            // The writer died between writing the footer and cutting the file after it.
            unused.add(behind: scan.footerEnd, of: file)
            return add(header, footer, fileSize: scan.footerEnd, at: step.segment.path)
        }
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        var end = scan.end
        var distance = Frame.durableDistanceUnknown
        for gap in abandoned {
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
        }
        try PoisonMark.sync(file, number: header.segmentNumber, in: directory)
        // Everything before the footer is durable now.
        distance = 0
        let footer = scan.summary.footer(
            at: SegmentEnd(offset: end.offset, recordCount: step.recordCount), after: markers)
        let frame = footer.encode(durableDistance: distance, seed: seed)
        // Write the commit word last. If only a part of the frame were written with it, the next opening would treat
        // the end as damaged.
        try file.write(Array(frame[8...]), at: footer.offset + 8)
        try file.write(Array(frame[..<8]), at: footer.offset)
        try PoisonMark.sync(file, number: header.segmentNumber, in: directory)
        unused.add(behind: footer.offset + frame.count, of: file)
        add(header, footer, fileSize: footer.offset + frame.count, at: step.segment.path)
    }

    /// Writes a segment with only a mark of loss in place of missing segments. Without it, each opening would find them
    /// missing again.
    private mutating func write(_ placeholder: RecoveryPlan.Placeholder) throws(WALError) {
        let number = placeholder.header.segmentNumber
        let name = SegmentName.temporary(number)
        try directory.remove(name)
        let file = try File(name, in: directory, .create)
        let written = try SegmentRewrite.write(
            placeholder.isAcknowledged ? .lost : .void, placeholder.header, recordCount: placeholder.recordCount,
            to: file,
            markersBefore: markers)
        try directory.rename(name, to: SegmentName.of(number))
        try directory.sync()
        add(
            written.header, written.footer, fileSize: written.fileSize,
            at: directory.path(of: SegmentName.of(number)))
    }

    private mutating func rewrite(
        _ step: RecoveryPlan.Step, _ header: SegmentHeader, _ end: Int?
    ) throws(WALError) {
        let name = SegmentName.temporary(header.segmentNumber)
        try directory.remove(name)
        let file = try File(name, in: directory, .create)
        let buffer = ReadBuffer()
        let predecessor = step.relinks ? entries.last?.asPredecessor : nil
        let written = try SegmentRewrite.write(
            header: header, predecessor: predecessor,
            contents: try buffer.load(try step.segment.file, of: header, isImmutable: true),
            to: file, end: end,
            recordCount: step.recordCount, abandoned: step.offsets(of: .abandonedClaims),
            corrupted: step.offsets(of: .corruption, onlyNumbered: true), markersBefore: markers)
        try setAside(step.segment, replacement: name)
        try remove(SegmentName.poisoned(header.segmentNumber))
        add(
            written.header, written.footer, fileSize: written.fileSize,
            at: directory.path(of: SegmentName.of(header.segmentNumber)))
    }

    /// Moves a file out of the log, keeping it under another name, or replaces it with `replacement` in one step.
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

    /// Returns a name that no other file has. Files without a header have no incarnation that would distinguish them.
    private func freeName(for segment: ExaminedSegment, in damaged: Directory) throws(WALError) -> String {
        let suffix = segment.isCompressed ? SegmentName.compressedSuffix : SegmentName.suffix
        let name = SegmentName.damaged(
            segment.number, incarnation: segment.header?.incarnation ?? 0, suffix: suffix)
        var candidate = name
        var count = 1
        let own = try segment.file.file
        while damaged.has(candidate) {
            // A file that can't be opened is another one.
            if let other = try? File(candidate, in: damaged, .read), try other.isSame(as: own) { break }
            count += 1
            candidate = "\(name.dropLast(suffix.count))-\(count)\(suffix)"
        }
        return candidate
    }

    /// Removes the files left by an interrupted recovery, preparation or compression, unless this recovery has reused
    /// the name.
    mutating func finish(_ unfinished: [String]) throws(WALError) {
        for name in unfinished where directory.has(name) { try remove(name) }
        if hasRemoved { try directory.sync() }
    }

    private mutating func remove(_ name: String) throws(WALError) {
        hasRemoved = true
        try directory.remove(name)
    }

    func recovered(_ plan: RecoveryPlan) -> RecoveredLog {
        let last = entries.last
        let ages = AgesAtOpening(run: .now, time: .now, seen: .now).of(
            entries.map(\.segment.header), lastTimes: entries.map(\.lastTime))
        var entries = entries
        for (index, age) in ages.enumerated() { entries[index].age = age }
        let end = last?.end.map { end in last?.segment.position(at: end.offset) ?? 0 }
        return RecoveredLog(
            directory: directory, logID: plan.logID ?? .random(), source: plan.source, epoch: plan.epoch,
            entries: entries,
            nextNumber: plan.nextNumber, nextSequence: plan.nextSequence,
            nextPosition: max(end ?? 0, plan.nextPosition),
            predecessor: last?.asPredecessor ?? .none, markers: markers, recoveryBody: plan.body,
            unused: unused)
    }
}

extension CatalogEntry {
    /// The latest time of the segment's records.
    fileprivate var lastTime: Int64 {
        guard let footer, footer.recordCount > 0 else { return segment.header.creationTime }
        return footer.lastTime
    }

    /// The fields by which the next segment refers to this one.
    fileprivate var asPredecessor: SegmentHeader.Predecessor? {
        end.map { segment.header.asPredecessor(endingAt: $0) }
    }
}
