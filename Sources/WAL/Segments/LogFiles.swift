/// What a log's directory has, from one listing: a log may have thousands of files.
struct LogFiles {
    /// The numbers of the segment files, in order.
    var segments: [UInt64] = []
    /// Segments that a sync failed for.
    var poisoned: Set<UInt64> = []
    /// The names of the files that an interrupted recovery or preparation has left, in order.
    var unfinished: [String] = []

    init(in directory: Directory) throws(WALError) {
        for name in try directory.names() {
            if let number = SegmentName.number(name) {
                segments.append(number)
            } else if let number = SegmentName.number(name, suffix: SegmentName.poisonedSuffix) {
                poisoned.insert(number)
            } else if name.hasSuffix(SegmentName.rewriteSuffix) {
                unfinished.append(name)
            }
        }
        segments.sort()
        unfinished.sort()
    }
}

extension Directory {
    /// The numbers of the segment files, in order.
    func segmentNumbers() throws(WALError) -> [UInt64] {
        try LogFiles(in: self).segments
    }
}
