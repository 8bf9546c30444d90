extension WriteAheadLog.Configuration {
    /// Checks that a log can be opened with this configuration.
    ///
    /// - Throws: ``WALError/Code/invalidArgument`` if a property is out of range. The message has the property, its
    ///   range and its value.
    public func validate() throws(WALError) {
        func require(_ condition: Bool, _ rule: String) throws(WALError) {
            guard condition else { throw WALError(.invalidArgument, "The configuration isn't possible: \(rule).") }
        }
        try require(
            (Self.segmentSizeMin...Self.segmentSizeMax).contains(segmentSize) && segmentSize % 4096 == 0,
            "segmentSize is a multiple of 4096 from 64 KiB to 1 GiB, not \(segmentSize)")
        try require(
            (1...SegmentHeader.recordCountMax).contains(targetSegmentRecords),
            "targetSegmentRecords is 1 to \(SegmentHeader.recordCountMax), not \(targetSegmentRecords)")
        try require(
            (1...4).contains(maxPreparedSegments), "maxPreparedSegments is 1 to 4, not \(maxPreparedSegments)")
        if let diskBudget {
            let least = (sealedCompression == .none ? 4 : 5) * segmentSize
            try require(
                diskBudget >= least,
                "diskBudget is at least four segments, and one to compress into (\(least) bytes), not \(diskBudget)")
        }
    }
}
