/// What a log's directory has, from one listing: a log may have thousands of files.
struct LogFiles: Hashable {
    /// The numbers of the segments, in order.
    var segments: [UInt64] = []
    /// Segments that a sync failed for.
    var poisoned: Set<UInt64> = []
    /// Of them, those that there is a plain and a compressed file of.
    var duplicated: Set<UInt64> = []
    /// The names of the files that an interrupted recovery, preparation or compression has left, in order.
    var unfinished: [String] = []

    init(in directory: Directory) throws(WALError) {
        var plain: Set<UInt64> = []
        var compressed: Set<UInt64> = []
        for name in try directory.names() {
            if let number = SegmentName.number(name) {
                plain.insert(number)
            } else if let number = SegmentName.number(name, suffix: SegmentName.compressedSuffix) {
                compressed.insert(number)
            } else if let number = SegmentName.number(name, suffix: SegmentName.poisonedSuffix) {
                poisoned.insert(number)
            } else if SegmentName.isUnfinished(name) {
                unfinished.append(name)
            }
        }
        duplicated = plain.intersection(compressed)
        segments = plain.union(compressed).sorted()
        unfinished.sort()
    }

    /// Without the log's lock. A file gets another name while a long directory is listed, in several calls, and the listing may miss
    /// both (of a thousand files it missed one in one of twenty listings): but the one before had it under the old name.
    init(besideAWriterIn directory: Directory) throws(WALError) {
        let earlier = try LogFiles(in: directory).segments
        self = try LogFiles(in: directory)
        segments = Set(earlier).union(segments).sorted()
    }
}

extension Directory {
    /// The numbers of the segments, in order, for those who look without the log's lock.
    func segmentNumbers() throws(WALError) -> [UInt64] {
        try LogFiles(besideAWriterIn: self).segments
    }
}

extension WALError {
    static func noLog(at path: String) -> WALError {
        WALError(.notALogDirectory, "\(path) has no log in it. Name the directory of a log.")
    }
}
