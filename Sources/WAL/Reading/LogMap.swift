/// The log as recovery would restore it, for readers that reach a place where its frames break off. With this map, a
/// reader and a recovery always decide alike.
struct LogMap: Sendable {
    /// A segment that recovery would keep, and the places where its frames break off.
    struct Place {
        var header: SegmentHeader
        var breaks: [RecoveryPlan.Break]
    }

    /// The files in the directory when the map was made.
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

    /// Whether recovery would end the log in a segment.
    func isTorn(_ number: UInt64) -> Bool {
        index(of: number).map { places[$0].breaks.contains { $0.decision == .tornTail } } ?? false
    }

    func index(behind number: UInt64) -> Int? {
        places.firstIndex { $0.header.segmentNumber > number }
    }
}

/// The last map of a directory. Making a map reads the whole log, so this one is reused until the files change.
final class LogMaps: Sendable {
    private let directory: Directory
    private let last = Monitor<LogMap?>(nil)
    private let cleanEnd = Monitor<End?>(nil)

    /// A place at which a log without a writer ends.
    struct End: Hashable {
        var incarnation: UInt64
        var offset: Int
    }

    init(_ directory: Directory) {
        self.directory = directory
    }

    /// Returns the map. With `isFresh`, makes a new one: a file being written changes without changing its name.
    func map(isFresh: Bool = false) throws(WALError) -> LogMap {
        let files = try LogFiles(besideAWriterIn: directory)
        if !isFresh, let last = last.withLock({ $0 }), last.files == files { return last }
        let map = try LogMap(directory, files)
        last.withLock { $0 = map }
        return map
    }

    /// Whether this place is known to be the log's end, with only zeros after it. Then a waiting reader doesn't look
    /// again.
    func isCleanEnd(_ end: End) -> Bool { cleanEnd.withLock { $0 == end } }
    func setCleanEnd(_ end: End) { cleanEnd.withLock { $0 = end } }
}
