extension WriteAheadLog {
    /// The figures of a log at one moment.
    public struct Statistics: Hashable, Sendable {
        /// The first record that is still in the log.
        public var firstSequence: SequenceNumber
        /// The last record that was appended or is being appended.
        public var lastSequence: SequenceNumber
        /// The last durable record.
        public var durableSequence: SequenceNumber
        /// The number of segment syncs since the log was opened.
        public var syncCount: UInt64
        /// The number of bytes of appended frames that aren't durable yet.
        public var bytesNotDurable: UInt64
        /// The size of all segment files in bytes, including prepared ones.
        public var diskBytes: Int
        /// The number of segments with records, including the active one.
        public var segmentCount: Int
        /// The number of empty segments that are ready.
        public var preparedSegmentCount: Int
        /// A counter that increases whenever recovery discards data or sequence numbers are skipped.
        ///
        /// Two reads with the same epoch saw the same history.
        public var epoch: UInt64
    }
}
