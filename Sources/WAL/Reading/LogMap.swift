/// What recovery would make of a log, for readers that meet a place where its frames break off: so a reading and a recovery can't
/// come to different ends.
struct LogMap: Sendable {
    /// A segment that recovery would keep, with what is whole of it.
    struct Place {
        var header: SegmentHeader
        var breaks: [RecoveryPlan.Break]
    }

    /// What the directory had when the map was made.
    let files: LogFiles
    let places: [Place]
    let gaps: [LogGap]

    init(_ directory: Directory, _ files: LogFiles) throws(WALError) {
        self.files = files
        let segments = try Recovery.examine(files, in: directory, scope: .everything, isWritten: false)
        let plan = RecoveryPlan(segments, currentBoot: .current)
        places = plan.steps.compactMap { step in
            switch step.action {
            case .setAside, .remove: nil
            case .keep, .seal, .rewrite: step.segment.header.map { Place(header: $0, breaks: step.breaks) }
            }
        }
        gaps = plan.gaps
    }

    func index(of number: UInt64) -> Int? {
        places.firstIndex { $0.header.segmentNumber == number }
    }

    func index(behind number: UInt64) -> Int? {
        places.firstIndex { $0.header.segmentNumber > number }
    }
}

/// The last map that was made of a directory. Making one reads the whole log, so it is kept as long as the same files are there.
final class LogMaps: Sendable {
    private let directory: Directory
    private let last = Monitor<LogMap?>(nil)
    private let cleanEnd = Monitor<End?>(nil)

    /// A place where a log without a writer ends.
    struct End: Hashable {
        var incarnation: UInt64
        var offset: Int
    }

    init(_ directory: Directory) {
        self.directory = directory
    }

    /// The map. With `isFresh`, of what is there now: files that are written to change without another name.
    func map(isFresh: Bool = false) throws(WALError) -> LogMap {
        let files = try LogFiles(besideAWriterIn: directory)
        if !isFresh, let last = last.withLock({ $0 }), last.files == files { return last }
        let map = try LogMap(directory, files)
        last.withLock { $0 = map }
        return map
    }

    /// Whether this was found to be the log's end, with nothing but zeros behind: who waits there needn't look again.
    func isCleanEnd(_ end: End) -> Bool { cleanEnd.withLock { $0 == end } }
    func setCleanEnd(_ end: End) { cleanEnd.withLock { $0 = end } }
}
