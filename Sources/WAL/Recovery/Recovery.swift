/// Opening: examine, plan, carry out. Each step of carrying out leaves files from which the next opening comes to the same log.
enum Recovery {
    /// Throws unless this can be a log's directory.
    static func requireLogDirectory(_ directory: Directory) throws(WALError) {
        try FileOwnership.requireDirectory(directory)
        if directory.has(DirectoryLock.fileName) { return }
        // A file system's own folder stands in every fresh mount point.
        let names = try directory.names().filter { $0 != "lost+found" }
        let segments = try LogFiles(in: directory).segments
        guard names.isEmpty || !segments.isEmpty else {
            throw WALError(
                .notALogDirectory,
                "\(directory.path) has other files and no log in it. Name an empty directory, or one with a log.")
        }
    }

    /// So many segments to look at, or so many bytes to read, are worth a second thread.
    private static let muchByCount = 128
    private static let muchBySize = 16 << 20

    /// Reads what there is. With `isWritten`, what may not be durable is synced, too: nothing is shown that could still vanish.
    ///
    /// The newest first, because only what comes later tells that a segment is durable as a whole: a footer is written before its
    /// segment is synced, so after a power loss it may be there without the frames before it.
    static func examine(
        _ files: LogFiles, in directory: Directory, scope: WriteAheadLog.RecoveryScope, isWritten: Bool
    ) throws(WALError) -> [ExaminedSegment] {
        if isWritten { try directory.sync() }
        let (numbers, poisoned) = (files.segments, files.poisoned)
        // Whoever made the directory may have ended before its entry was durable. Once there is a segment, it is.
        if isWritten, numbers.isEmpty { try directory.syncEntry() }
        // Beside a writer the newest first here, too: one that was not in use yet when it was looked at has no successor then.
        let order = isWritten ? numbers : numbers.reversed()
        let found = try ParallelMap.map(order, ifWorthwhile: numbers.count >= muchByCount) {
            number throws(WALError) -> ExaminedSegment? in
            guard var segment = try examineIfThere(directory, number, isWritten: isWritten) else { return nil }
            try refuseUnknown(segment)
            segment.isPoisoned = poisoned.contains(number)
            if files.duplicated.contains(number) {
                segment.duplicateName = segment.isCompressed ? SegmentName.of(number) : SegmentName.compressed(number)
            }
            segment.closeIfSealed()
            return segment
        }
        var segments = isWritten ? found.compactMap(\.self) : withoutRemoved(found.reversed())
        segments.refuseOutOfReach(RecoveryPlan.logID(of: segments))
        if scope == .everything { segments = try readSealed(segments) }
        let buffer = ReadBuffer()
        let logID = RecoveryPlan.logID(of: segments)
        var durablePosition: UInt64 = 0
        for index in segments.indices.reversed() {
            guard let header = segments[index].header, header.state == .active else { continue }
            let isOfLog = segments[index].belongs(to: logID)
            let isDurable = segments[index].areFramesDurable(given: durablePosition)
            // A sync that failed isn't tried again: what is whole of the file is written anew.
            if isWritten, !segments[index].isFooterDurable(given: durablePosition), !segments[index].isPoisoned {
                try PoisonMark.sync(segments[index].file.file, number: segments[index].number, in: directory)
            }
            if segments[index].scan == nil, segments[index].needsScan(isDurable: isDurable) {
                guard try segments[index].readFramesIfThere(into: buffer) else {
                    segments.removeSubrange(...index)
                    break
                }
            }
            if isOfLog { durablePosition = max(durablePosition, segments[index].durablePosition) }
        }
        return segments
    }

    /// Nil where it was removed since the directory was listed, as it may be beside a writer.
    private static func examineIfThere(
        _ directory: Directory, _ number: UInt64, isWritten: Bool
    ) throws(WALError) -> ExaminedSegment? {
        do throws(WALError) {
            return try ExaminedSegment(directory, number: number, isWritten: isWritten)
        } catch {
            guard !isWritten, error.isNoSuchFile else { throw error }
            return nil
        }
    }

    /// Closing removes what was made ready, at the end. Retention removes the oldest first: what was still found of those before one
    /// that is gone is gone, too, and would stand before a gap.
    private static func withoutRemoved(_ found: [ExaminedSegment?]) -> [ExaminedSegment] {
        guard let last = found.lastIndex(where: { $0 != nil }) else { return [] }
        let start = found[...last].lastIndex { $0 == nil }.map { $0 + 1 } ?? 0
        return found[start...last].compactMap(\.self)
    }

    /// Reads the frames of all segments that are sealed; leaves out those that retention has removed meanwhile, beside a writer.
    ///
    /// Those that aren't are read after these, the newest first: what comes later in the log tells what must be there.
    private static func readSealed(_ segments: [ExaminedSegment]) throws(WALError) -> [ExaminedSegment] {
        let size = segments.reduce(0) { $0 + $1.fileSize }
        let read = try ParallelMap.map(segments, ifWorthwhile: size >= muchBySize) { segment throws(WALError) in
            var segment = segment
            guard segment.footer != nil else { return Optional(segment) }
            return try segment.readFramesIfThere(into: ReadBuffer()) ? segment : nil
        }
        return withoutRemoved(read)
    }

    static func refuseUnknown(_ segment: ExaminedSegment) throws(WALError) {
        switch segment.decoded {
        case .unknownVersion(let major, let minor):
            throw WALError(
                .versionTooNew,
                """
                \(segment.path) has format version \(major).\(minor); this code knows \(SegmentHeader.versionMajor). \
                Open it with a newer version of swift-wal.
                """)
        case .unknownFeatures(let features):
            throw WALError(
                .versionTooNew,
                """
                \(segment.path) uses features (0x\(String(features, radix: 16))) that this code doesn't know. Open it \
                with a newer version of swift-wal.
                """)
        case .header, .damaged: break
        }
    }

    /// How far the times of a log's records lie ahead of the clock; nil if they don't, but for what a time server adjusts.
    static func timeAhead(in segments: [ExaminedSegment], at now: Timestamp) -> Duration? {
        let logID = RecoveryPlan.logID(of: segments)
        let latest = segments.filter { $0.belongs(to: logID) }.compactMap(\.latestTime).max() ?? .min
        let (ahead, overflow) = latest.subtractingReportingOverflow(now.rawValue)
        guard !overflow else { return latest > 0 ? .microseconds(Int64.max) : nil }
        return .microseconds(ahead) > ClockWatch.jumpMin ? .microseconds(ahead) : nil
    }

    /// What opening would find and do. Changes nothing.
    static func plan(
        _ directory: Directory, scope: WriteAheadLog.RecoveryScope
    ) throws(WALError) -> RecoveryReport {
        let files = try LogFiles(besideAWriterIn: directory)
        let segments = try examine(files, in: directory, scope: scope, isWritten: false)
        var plan = RecoveryPlan(segments, currentBoot: .current)
        plan.report.timeAhead = timeAhead(in: segments, at: .now)
        plan.resume(from: try RecoveryIntent(in: directory))
        plan.report.steps = plan.reportedSteps(unfinished: files.unfinished)
        return plan.report
    }

    /// Examines, plans and carries out.
    static func recover(
        _ directory: Directory, configuration: WriteAheadLog.Configuration
    ) throws(WALError) -> (RecoveredLog, RecoveryReport) {
        let files = try LogFiles(in: directory)
        let segments = try examine(files, in: directory, scope: configuration.recoveryScope, isWritten: true)
        var plan = RecoveryPlan(segments, currentBoot: .current)
        plan.report.timeAhead = timeAhead(in: segments, at: .now)
        plan.resume(from: try RecoveryIntent(in: directory))
        if configuration.damagePolicy == .strict,
            let damage = plan.report.findings.first(where: \.classification.isDamage)
        {
            throw WALError(
                .corrupted,
                """
                \(directory.path) is damaged: \(damage.classification.rawValue) in segment \(damage.segment) at offset \
                \(damage.offset): \(damage.evidence). Nothing was changed. Open it with the damage policy `quarantine` to go \
                on with what is whole.
                """)
        }
        plan.report.steps = plan.reportedSteps(unfinished: files.unfinished)
        var repair = Repair(directory, report: plan.report)
        if let body = plan.body {
            try RecoveryIntent(nextSequence: plan.nextSequence, epoch: plan.epoch, body: body).write(in: directory)
        }
        for step in plan.orderedSteps { try repair.carryOut(step) }
        try repair.finish(files.unfinished)
        return (repair.recovered(plan), repair.report)
    }
}
