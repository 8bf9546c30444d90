/// The files in a log's directory, from one listing, because a log may have thousands of files.
struct LogFiles: Hashable {
    /// The numbers of the segments, in order.
    var segments: [UInt64] = []
    /// The numbers of the segments for which a sync failed.
    var poisoned: Set<UInt64> = []
    /// The numbers of the segments that have both a plain and a compressed file.
    var duplicated: Set<UInt64> = []
    /// The names of the files left by an interrupted recovery, preparation or compression, in order.
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

    /// Lists the files without holding the log's lock, by combining two listings.
    ///
    /// Listing a long directory takes several calls, and a file renamed in between may appear under neither name. (With
    /// 1000 files, one of 20 listings missed a file.) But the earlier listing has such a file under its old name.
    init(besideAWriterIn directory: Directory) throws(WALError) {
        let earlier = try LogFiles(in: directory).segments
        self = try LogFiles(in: directory)
        segments = Set(earlier).union(segments).sorted()
    }
}

extension Directory {
    /// Returns the numbers of the segments, in order, for readers that don't hold the log's lock.
    func segmentNumbers() throws(WALError) -> [UInt64] {
        try LogFiles(besideAWriterIn: self).segments
    }
}

extension WALError {
    static func noLog(at path: String) -> WALError {
        WALError(.notALogDirectory, "\(path) contains no log. Name the directory of a log.")
    }
}
