/// The segments of a directory, listed again each time, for readers that run while another process writes.
struct DirectorySource: SegmentSource {
    let directory: Directory
    let maps: LogMaps
    private let frontier = DurableFrontier()
    private let watch: WriterWatch
    /// The log's identifier; nil if no segment has a readable header.
    let logID: LogID?

    init(_ directory: Directory) throws(WALError) {
        self.directory = directory
        maps = LogMaps(directory)
        var segments = try Self.allExamined(in: directory)
        // As an opening does. Otherwise, a reader could take another log than the opening.
        segments.refuseOutOfReach()
        logID = RecoveryPlan.logID(of: segments)
        watch = WriterWatch(directory, of: logID ?? LogID(low: 0, high: 0))
    }

    /// Returns the headers of the segments in use, oldest first. Leaves out segments that are only prepared, unreadable
    /// or foreign.
    func headers() throws(WALError) -> [SegmentHeader] {
        try allExamined().compactMap { $0.belongs(to: logID) ? $0.header : nil }
    }

    /// Examines the segments, oldest first, without their frames.
    func allExamined() throws(WALError) -> [ExaminedSegment] {
        try Self.allExamined(in: directory)
    }

    private static func allExamined(in directory: Directory) throws(WALError) -> [ExaminedSegment] {
        var segments: [ExaminedSegment] = []
        for number in try directory.segmentNumbers() {
            guard var segment = try Recovery.examined(number, in: directory, isWritten: false) else { continue }
            segment.closeIfSealed()
            segments.append(segment)
        }
        return segments
    }

    func examined(_ number: UInt64) throws(WALError) -> ExaminedSegment? {
        try Recovery.examined(number, in: directory, isWritten: false)
    }

    func readable(_ number: UInt64) throws(WALError) -> ReadableSegment? {
        guard let examined = try examined(number), examined.belongs(to: logID), let header = examined.header else {
            return nil
        }
        let segment = Segment(header: header, path: examined.path)
        return try ReadableSegment(
            segment, in: try examined.file, size: examined.fileSize, footer: examined.footer)
    }

    // A reader of a removed file continues after the removed segments.
    func isRemoved(_ segment: ReadableSegment) -> Bool { false }

    func durablePosition(after position: UInt64) throws(WALError) -> UInt64 {
        let published = watch.durablePosition
        return published > position ? published : try provenPosition()
    }

    /// Returns the durable position that the frames prove.
    func provenPosition() throws(WALError) -> UInt64 { try frontier.advance(in: self) }

    func waitForMore(
        behind position: UInt64, durable: UInt64, from sequence: UInt64, visibility: ReadVisibility,
        unless isDue: () -> Bool
    ) async throws(WALError) {
        let isWoken =
            switch visibility {
            case .written: try await watch.wait(for: .frame, behind: position, unless: isDue)
            case .durable:
                // The position must be past the one that the reader already knows and can't use.
                try await watch.wait(for: .durablePosition, behind: position) {
                    watch.durablePosition > max(position, durable)
                }
            }
        if Task.isCancelled { throw .canceledRead }
        // No writer appends to a directory that isn't in its place, so the reader would wait forever.
        if !isWoken { try directory.requireInPlace() }
    }

    // The writer's process doesn't know of this reader. Removed files stay readable while they are mapped.
    func pin(_ reader: ObjectIdentifier, at number: UInt64) {}
    func pin(_ reader: ObjectIdentifier, in segment: ReadableSegment) -> Bool { true }
    func unpin(_ reader: ObjectIdentifier) {}

    // MARK: Descriptions for tools

    func segmentInfo() throws(WALError) -> [SegmentInfo] {
        var infos = try allExamined().map { examined -> SegmentInfo in
            guard let header = examined.header else {
                return SegmentInfo(damaged: examined.number, path: examined.path, fileSize: examined.diskSize)
            }
            return SegmentInfo(
                Segment(header: header, path: examined.path), footer: examined.footer, fileSize: examined.diskSize,
                state: header.state == .prepared ? .prepared : examined.hasFooter ? .sealed : .unsealed)
        }
        // An unsealed segment that no sealed one follows is the one that a writer appends to, or was appending to when
        // it died.
        if let last = infos.lastIndex(where: { $0.state == .unsealed }),
            !infos[(last + 1)...].contains(where: { $0.state == .sealed })
        {
            infos[last].state = .active
        }
        return infos
    }

    /// Returns the last record that a frame in the log proves to be durable. More records may be durable.
    func durableSequence() throws(WALError) -> UInt64 {
        let buffer = ReadBuffer()
        var segments = try allExamined().filter { $0.belongs(to: logID) }
        for index in segments.indices where !segments[index].hasFooter {
            try segments[index].readFrames(into: buffer)
        }
        let durablePosition = segments.map(\.durablePosition).max() ?? 0
        for segment in segments.reversed() {
            guard let header = segment.header, header.basePosition < durablePosition else { continue }
            if let footer = segment.footer, header.basePosition + UInt64(footer.offset) <= durablePosition {
                return footer.finalSequence
            }
            var sequence = header.baseSequence - 1
            _ = unsafe try SegmentScan(
                try buffer.load(try segment.file, of: header, isImmutable: segment.footer != nil), header: header
            ) {
                frame, offset in
                guard header.basePosition + UInt64(offset) < durablePosition else { return }
                let first = unsafe header.baseSequence + UInt64(frame.header.recordIndex)
                switch unsafe frame.header.kind {
                case .record: sequence = first
                case .batch: sequence = unsafe first - 1 + UInt64(BatchBody.header(frame.body)?.recordCount ?? 0)
                default: sequence = first - 1
                }
            }
            return sequence
        }
        return 0
    }

    func lastRecovery() throws(WALError) -> (findings: [RecoveryReport.Finding], count: Int)? {
        for header in try headers().reversed() {
            guard let segment = try readable(header.segmentNumber) else { continue }
            // The recovery frame is the first frame of the segment that the opening began.
            let outcome = unsafe try segment.check(at: SegmentHeader.size)
            if case .valid(let frame) = unsafe outcome, unsafe frame.header.kind == .recovery {
                return unsafe RecoveryBody.decode(frame.body)
            }
            if header.predecessor.number == 0 { break }
        }
        return nil
    }
}
