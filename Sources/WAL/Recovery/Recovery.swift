/// Opening: examine, plan, repair. After a crash in any step of the repair, the next opening restores the same log.
enum Recovery {
    /// Throws if the directory can't be a log's directory.
    static func requireLogDirectory(_ directory: Directory) throws(WALError) {
        try FileOwnership.requireDirectory(directory)
        if directory.has(DirectoryLock.fileName) { return }
        // File systems create this folder in every new mount point.
        let names = try directory.names().filter { $0 != "lost+found" }
        let segments = try LogFiles(in: directory).segments
        guard names.isEmpty || !segments.isEmpty else {
            throw WALError(
                .notALogDirectory,
                "\(directory.path) contains files but no log. Name an empty directory, or the directory of a log.")
        }
    }

    /// The number of segments to examine, or of bytes to read, from which a second thread is worthwhile.
    private static let muchByCount = 128
    private static let muchBySize = 16 << 20

    /// Reads the segments. With `isWritten`, also syncs data that may not be durable, so that no reader sees a record
    /// that could still vanish.
    ///
    /// Examines the newest segment first, because only a later segment proves that a segment is durable as a whole. A
    /// footer is written before its segment is synced, so after a power loss a footer may exist without the frames
    /// before it.
    static func examine(
        _ files: LogFiles, in directory: Directory, scope: WriteAheadLog.RecoveryScope, isWritten: Bool
    ) throws(WALError) -> [ExaminedSegment] {
        let (numbers, poisoned) = (files.segments, files.poisoned)
        // In a new directory, this makes the lock file durable. By that file, the next opening knows that the other
        // files belong to a log.
        if isWritten { try directory.sync() }
        // The process that created the directory may have ended before the directory entry was durable. Once there is a
        // segment, the entry is durable.
        if isWritten, numbers.isEmpty { try directory.syncEntry() }
        // While a writer runs, also open the files newest first, so that a segment seen as unused can't have a
        // successor in the result.
        let order = isWritten ? numbers : numbers.reversed()
        let found = try ParallelMap.map(order, ifWorthwhile: numbers.count >= muchByCount) {
            number throws(WALError) -> ExaminedSegment? in
            guard var segment = try examined(number, in: directory, isWritten: isWritten) else { return nil }
            segment.isPoisoned = poisoned.contains(number)
            if files.duplicated.contains(number) {
                segment.duplicateName = segment.isCompressed ? SegmentName.of(number) : SegmentName.compressed(number)
            }
            segment.closeIfSealed()
            return segment
        }
        var segments = isWritten ? found.compactMap(\.self) : withoutRemoved(found.reversed())
        segments.refuseOutOfReach()
        if scope == .everything { segments = try readSealed(segments) }
        let buffer = ReadBuffer()
        let logID = RecoveryPlan.logID(of: segments)
        var durablePosition: UInt64 = 0
        for index in segments.indices.reversed() {
            guard let header = segments[index].header, header.state == .active else { continue }
            let isOfLog = segments[index].belongs(to: logID)
            let isDurable = segments[index].areFramesDurable(given: durablePosition)
            // A failed sync isn't tried again. Instead, the segment's valid frames are copied to a new file.
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

    /// Examines a segment. Returns nil if it was removed after the directory was listed, which happens only while a
    /// writer runs.
    static func examined(
        _ number: UInt64, in directory: Directory, isWritten: Bool
    ) throws(WALError) -> ExaminedSegment? {
        do throws(WALError) {
            let segment = try ExaminedSegment(directory, number: number, isWritten: isWritten)
            try refuseUnknown(segment)
            return segment
        } catch {
            guard !isWritten, error.isNoSuchFile else { throw error }
            return nil
        }
    }

    /// Drops segments that vanished meanwhile: prepared ones at the end (removed by `close`), and at the front
    /// everything before a missing one, since retention removes the oldest first.
    private static func withoutRemoved(_ found: [ExaminedSegment?]) -> [ExaminedSegment] {
        guard let last = found.lastIndex(where: { $0 != nil }) else { return [] }
        let start = found[...last].lastIndex { $0 == nil }.map { $0 + 1 } ?? 0
        return found[start...last].compactMap(\.self)
    }

    /// Reads the frames of all sealed segments. Leaves out those that retention has removed meanwhile, while a writer
    /// runs.
    ///
    /// Unsealed segments are read after these, newest first, because later segments prove the frames that earlier ones
    /// must have.
    private static func readSealed(_ segments: [ExaminedSegment]) throws(WALError) -> [ExaminedSegment] {
        let size = segments.reduce(0) { $0 + $1.fileSize }
        // The files of an opening begin small, so half of the segments can be far from half of the bytes.
        var before = 0
        let half = segments.firstIndex { segment in
            before += segment.fileSize
            return before > size / 2
        }
        let read = try ParallelMap.map(segments, split: half.map { max(1, $0) }, ifWorthwhile: size >= muchBySize) {
            segment throws(WALError) in
            var segment = segment
            guard segment.hasFooter else { return Optional(segment) }
            return try segment.readFramesIfThere(into: ReadBuffer()) ? segment : nil
        }
        return withoutRemoved(read)
    }

    private static func refuseUnknown(_ segment: ExaminedSegment) throws(WALError) {
        switch segment.decoded {
        case .unknownVersion(let major, let minor):
            throw WALError(
                .versionTooNew,
                """
                \(segment.path) has format version \(major).\(minor), but this version of swift-wal knows only version \
                \(SegmentHeader.versionMajor). Open it with a newer version of swift-wal.
                """)
        case .unknownFeatures(let features):
            throw WALError(
                .versionTooNew,
                """
                \(segment.path) uses features (0x\(String(features, radix: 16))) that this version of swift-wal doesn't know. \
                Open it with a newer version.
                """)
        case .header, .damaged: break
        }
    }

    /// Returns the duration by which the times of a log's records are ahead of the clock. Returns nil if they aren't,
    /// apart from normal adjustments by a time server.
    static func timeAhead(in segments: [ExaminedSegment], at now: Timestamp) -> Duration? {
        let logID = RecoveryPlan.logID(of: segments)
        let latest = segments.lazy.filter { $0.belongs(to: logID) }.compactMap(\.latestTime).max() ?? .min
        let (ahead, overflow) = latest.subtractingReportingOverflow(now.rawValue)
        guard !overflow else { return latest > 0 ? .microseconds(Int64.max) : nil }
        return .microseconds(ahead) > ClockWatch.jumpMin ? .microseconds(ahead) : nil
    }

    /// Returns the findings and steps of an opening. Changes nothing.
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

    /// Examines and plans, and carries the plan out. Changes nothing if the log isn't of the expected kind.
    static func recover(
        _ directory: Directory, configuration: WriteAheadLog.Configuration, as kind: LogKind = .original
    ) throws(WALError) -> (RecoveredLog, RecoveryReport) {
        let files = try LogFiles(in: directory)
        let segments = try examine(files, in: directory, scope: configuration.recoveryScope, isWritten: true)
        var plan = RecoveryPlan(segments, currentBoot: .current)
        plan.report.timeAhead = timeAhead(in: segments, at: .now)
        plan.resume(from: try RecoveryIntent(in: directory))
        try kind.check(plan, at: directory.path)
        if configuration.damagePolicy == .strict,
            let damage = plan.report.findings.first(where: \.classification.isDamage)
        {
            throw WALError(
                .corrupted,
                """
                \(directory.path) is damaged: \(damage.classification.rawValue) in segment \(damage.segment) at offset \
                \(damage.offset): \(damage.evidence). Nothing was changed. Open it with the damage policy `quarantine` to \
                keep the intact records.
                """)
        }
        plan.report.steps = plan.reportedSteps(unfinished: files.unfinished)
        var repair = Repair(directory, report: plan.report)
        if let body = plan.body {
            try RecoveryIntent(nextSequence: plan.nextSequence, epoch: plan.epoch, body: body).write(in: directory)
        }
        for step in plan.orderedSteps { try repair.carryOut(step) }
        try repair.finish(files.unfinished)
        return (try kind.adapt(repair.recovered(plan)), repair.report)
    }
}
