extension LogReplica {
    /// Records of a replica's source, in the order of their numbers.
    public struct Batch: Sendable {
        private(set) var records = RecordBatch()
        private(set) var sequences: [UInt64] = []
        private(set) var times: [Int64] = []

        /// Makes a batch without records.
        public init() {}

        /// The number of records.
        public var count: Int { records.count }

        /// Adds a record with its number and time in the source.
        public mutating func append(_ payload: RawSpan, sequence: SequenceNumber, time: Timestamp) {
            records.append(payload)
            sequences.append(sequence.rawValue)
            times.append(time.rawValue)
        }

        /// Records that one frame can have: with consecutive numbers, and of a limited size.
        struct Part {
            var records: Range<Int>
            /// The offset of the first payload.
            var offset: Int
        }

        /// Divides the batch. A part has at most `sizeMax` bytes, or one record.
        func parts(sizeMax: Int) -> [Part] {
            var parts: [Part] = []
            var size = 0
            var offset = 0
            for index in 0..<count {
                let recordSize = Int(records.sizes[index])
                size += recordSize + 12
                let isNext = index > 0 && sequences[index] == sequences[index - 1] + 1
                if let last = parts.last, isNext, size <= sizeMax {
                    parts[parts.count - 1].records = last.records.lowerBound..<index + 1
                } else {
                    parts.append(Part(records: index..<index + 1, offset: offset))
                    size = recordSize + 12
                }
                offset += recordSize
            }
            return parts
        }
    }
}
