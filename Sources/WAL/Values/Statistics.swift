extension WriteAheadLog {
    /// The figures of a log at one time.
    public struct Statistics: Hashable, Sendable {
        /// The first record that is still there.
        public var firstSequence: SequenceNumber
        /// The last record that was appended, or is being appended.
        public var lastSequence: SequenceNumber
        /// The last durable record.
        public var durableSequence: SequenceNumber
        /// Syncs of segments since the log was opened.
        public var syncCount: UInt64
        /// Bytes of appended frames that aren't durable.
        public var bytesNotDurable: UInt64
        /// Bytes of all segment files, prepared ones included.
        public var diskBytes: Int
        /// Segments with records, and the active one.
        public var segmentCount: Int
        /// Empty segments that are ready.
        public var preparedSegmentCount: Int
        /// A counter that increases whenever recovery discards data or sequence numbers are skipped. Two reads with the same epoch saw the
        /// same history.
        public var epoch: UInt64
    }
}
