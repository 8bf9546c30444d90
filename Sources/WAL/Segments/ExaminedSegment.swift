/// The state of a segment file at opening: its header, its footer, and if needed all its frames. Examining only reads.
struct ExaminedSegment {
    var number: UInt64
    private let directory: Directory
    let path: String
    let isCompressed: Bool
    /// The open file, closed while there is nothing to read: a process may have fewer open files than a log has
    /// segments.
    private var openFile: SegmentFile?
    /// The segment's size in bytes.
    var fileSize: Int
    /// The space that the segment occupies on disk, in bytes.
    var diskSize: Int
    private var indirectDecoded: Indirect<SegmentHeader.Decoded>
    private var indirectFooter: Indirect<SegmentFooter>?
    /// The durable position in the frame of the footer.
    var footerDurablePosition: UInt64 = 0
    private var indirectScan: Indirect<SegmentScan>?
    /// Whether a sync of the file failed. The bytes that the kernel returns may not be on the disk.
    var isPoisoned = false
    /// The name of the segment's other file if there are two. This one counts.
    var duplicateName: String?
    /// Whether the caller holds the log's lock to open it for writing, so that no writer seals the segment meanwhile.
    private let isLocked: Bool

    private(set) var decoded: SegmentHeader.Decoded {
        get { indirectDecoded.value }
        set { indirectDecoded = Indirect(newValue) }
    }

    /// The intact footer at the end of the file, without its index.
    private(set) var footer: SegmentFooter? {
        get { indirectFooter?.value }
        set { indirectFooter = newValue.map(Indirect.init) }
    }

    var hasFooter: Bool { indirectFooter != nil }

    /// The result of reading all frames; nil if the footer was enough.
    var scan: SegmentScan? { indirectScan?.value }

    var header: SegmentHeader? {
        if case .header(let header, _) = decoded { header } else { nil }
    }

    /// The latest time of the segment's records; nil if there are none.
    var latestTime: Int64? {
        if let footer { return footer.recordCount > 0 ? footer.lastTime : nil }
        guard let scan, scan.summary.recordCount > 0 else { return nil }
        return scan.summary.lastTime
    }

    var damagedHeaderCopies: Int {
        if case .header(_, let count) = decoded { count } else { 2 }
    }

    /// Whether the segment is compressed and the table of its blocks is damaged.
    private(set) var isTableDamaged = false

    /// Whether one of two redundant structures is damaged: a copy of the header, or the block table.
    var hasBadCopy: Bool { damagedHeaderCopies > 0 || isTableDamaged }

    /// Examines the segment's file. If both a plain and a compressed file exist, the plain one counts, because
    /// compression and repair never leave an incomplete plain file.
    ///
    /// The exception is a plain file without a footer, if the compressed file is of this segment and has a footer. Then
    /// the plain file is a partial unpack of the compressed one.
    init(_ directory: Directory, number: UInt64, isWritten: Bool) throws(WALError) {
        try self.init(directory, number: number, isCompressed: false, isWritten: isWritten)
        guard !isCompressed, !hasFooter, directory.has(SegmentName.compressed(number)) else { return }
        let other = try ExaminedSegment(directory, number: number, isCompressed: true, isWritten: isWritten)
        guard other.hasFooter, !other.isTableDamaged, let otherHeader = other.header,
            otherHeader.segmentNumber == number,
            header.map({ $0.incarnation == otherHeader.incarnation }) ?? (decoded == .damaged)
        else { return }
        self = other
    }

    /// Examines either the plain or the compressed file.
    init(_ directory: Directory, number: UInt64, isCompressed: Bool, isWritten: Bool) throws(WALError) {
        let file = try Self.open(number, isCompressed: isCompressed, in: directory, isWritten: isWritten)
        try self.init(file, number: number, in: directory, isWritten: isWritten)
    }

    /// Examines an open file, which may have any name.
    init(_ file: SegmentFile, number: UInt64, in directory: Directory, isWritten: Bool) throws(WALError) {
        self.number = number
        self.directory = directory
        isLocked = isWritten
        path = file.file.path
        isCompressed = file.isCompressed
        openFile = file
        fileSize = file.sizeAtOpening
        diskSize = file.file.sizeAtOpening
        if case .compressed(let segment) = file { isTableDamaged = !segment.isTableWhole }
        let decoded = try unsafe withUnsafeTemporaryAllocation(byteCount: SegmentHeader.size, alignment: 8) { start in
            Result { () throws(WALError) in
                let count = try unsafe file.read(at: 0, into: start)
                return unsafe SegmentHeader.decode(UnsafeRawBufferPointer(rebasing: start[..<count]), number: number)
            }
        }.get()
        indirectDecoded = Indirect(decoded)
        guard let header, header.state == .active else { return }
        try readFooter(header, in: file)
        guard isWritten, !hasFooter, header.segmentNumber == number else { return }
        // A file that another process still writes to, through another name, must not be sealed.
        try file.file.lock()
        file.file.unlock()
    }

    /// The number of bytes read from a file's end at once: enough for the footer of a small segment with some cursors. The footer of a
    /// large one has tens of kilobytes.
    private static let tailSize = 2 << 10

    private mutating func readFooter(
        _ header: SegmentHeader, in file: SegmentFile, tailSize: Int = Self.tailSize
    ) throws(WALError) {
        // A footer ends at or before the capacity. The trailer of a larger file could name a footer of any size.
        guard fileSize >= SegmentHeader.size + SegmentFooter.trailerSize, fileSize <= Int(clamping: header.capacity)
        else { return }
        let start = max(0, fileSize - tailSize)
        // Not an array: a log may have a thousand segments, and zeroing new memory costs more than reading into it.
        let footerSize = try unsafe withUnsafeTemporaryAllocation(byteCount: fileSize - start, alignment: 8) { tail in
            Result { () throws(WALError) -> Int in
                // The read returns fewer bytes if the file was cut after its size was read.
                guard unsafe try file.read(at: start, into: tail) == tail.count else { return 0 }
                return unsafe takeFooter(from: UnsafeRawBufferPointer(tail), start: start, header)
            }
        }.get()
        if footerSize > tailSize { try readFooter(header, in: file, tailSize: footerSize) }
    }

    /// Takes the footer from the end of the file, which starts at offset `start`. Returns the footer's size, or 0 if
    /// there is no footer.
    private mutating func takeFooter(
        from tail: UnsafeRawBufferPointer, start: Int, _ header: SegmentHeader
    ) -> Int {
        let trailer = unsafe UnsafeRawBufferPointer(rebasing: tail.suffix(SegmentFooter.trailerSize))
        guard let base = tail.baseAddress,
            let offset = unsafe SegmentFooter.offset(fromTrailer: trailer, fileSize: fileSize)
        else { return 0 }
        let size = fileSize - offset
        // The checksum covers the frame's offset in the segment. So the check gets that offset, and a base address
        // shifted to match it.
        guard offset >= start,
            case .valid(let frame) = unsafe FrameValidity.check(
                commitWord: base.load(at: offset - start), base: base - start,
                offset: offset, limit: fileSize,
                seed: Frame.seed(logID: header.logID, incarnation: header.incarnation),
                recordIndexMin: 0),
            unsafe frame.header.size == size,
            case .footer(let found)? = unsafe FrameValidity.body(
                frame, offset: offset, baseSequence: header.baseSequence)
        else { return size }
        footer = found
        footerDurablePosition = unsafe frame.header.durablePosition(at: header.basePosition + UInt64(offset)) ?? 0
        return size
    }

    /// The file, reopened if it was closed.
    var file: SegmentFile {
        get throws(WALError) {
            if let openFile { return openFile }
            return try Self.open(number, isCompressed: isCompressed, in: directory, isWritten: isLocked)
        }
    }

    /// Opens the file. When only inspecting, unreadable sectors are reported as damage. When opening for writing they
    /// are an error: the disk is failing, and must be copied before anything is moved.
    private static func open(
        _ number: UInt64, isCompressed: Bool, in directory: Directory, isWritten: Bool
    ) throws(WALError) -> SegmentFile {
        try SegmentFile.open(
            number, isCompressed: isCompressed, in: directory, isWritten ? .readWrite : .read,
            passesOverUnreadable: !isWritten)
    }

    /// The file's name in the log's directory.
    var name: String { isCompressed ? SegmentName.compressed(number) : SegmentName.of(number) }

    /// Treats both copies of the header as damaged.
    mutating func refuseHeader() {
        decoded = .damaged
        footer = nil
    }

    /// Closes the file of a sealed segment. Sealed segments don't change.
    mutating func closeIfSealed() {
        if hasFooter { openFile = nil }
    }

    /// Whether the file belongs to this log and has its correct number. Only then do its positions mean anything for
    /// other segments.
    func belongs(to logID: LogID?) -> Bool {
        guard let header else { return false }
        return header.state == .active && header.logID == logID && header.segmentNumber == number
    }

    /// Whether a durable position covers all frames before the footer. `later` comes from later segments; the footer's
    /// own frame counts too.
    func areFramesDurable(given later: UInt64) -> Bool {
        guard let header, let footer else { return false }
        return max(later, footerDurablePosition) >= header.basePosition + UInt64(footer.offset)
    }

    /// Whether a durable position covers the footer, too. Only a later frame can say that, never the footer itself.
    func isFooterDurable(given later: UInt64) -> Bool {
        guard let header, let footer else { return false }
        return later > header.basePosition + UInt64(footer.offset)
    }

    /// Whether the frames must be read because the footer alone doesn't vouch for them.
    func needsScan(isDurable: Bool) -> Bool {
        guard hasFooter, !isPoisoned, !hasBadCopy, let header else { return true }
        return !isDurable && !header.bootID.isSameBoot(as: .current)
    }

    mutating func readFrames(into buffer: ReadBuffer) throws(WALError) {
        guard isLocked else { return try readFramesBesideAWriter(into: buffer) }
        guard let header else { return }
        let bytes = try buffer.load(try file, of: header, isImmutable: true)
        indirectScan = Indirect(try SegmentScan(bytes, header: header))
    }

    /// The limit of scans of one segment. A segment is sealed, compressed and replaced once each, so more changes come
    /// from a foreign process and must not delay the reader.
    private static let scansMax = 8

    /// Reads the frames while a writer may append to, seal, compress or replace the segment.
    ///
    /// A gap counts as a loss only if two scans find it. The second scan ignores durable positions that the first
    /// hadn't seen: they may concern data written since.
    private mutating func readFramesBesideAWriter(into buffer: ReadBuffer) throws(WALError) {
        var before: (losses: [Int], durablePosition: UInt64)?
        for _ in 0..<Self.scansMax {
            guard let header else { break }
            let bytes = try buffer.load(try file, of: header, isImmutable: hasFooter)
            var scan = try SegmentScan(bytes, header: header)
            if let before { scan.limitDurablePositions(to: before.durablePosition) }
            let losses = scan.losses
            indirectScan = Indirect(scan)
            if losses.isEmpty || losses == before?.losses { break }
            before = (losses, scan.durablePosition)
            try examineAgain()
        }
        // The first copy of the header may have been read while the second was being written. Both are intact before
        // the first frame is written.
        if damagedHeaderCopies > 0 { try examineAgain() }
    }

    /// Examines the file as it is now, and keeps the result of reading its frames.
    private mutating func examineAgain() throws(WALError) {
        var again = try ExaminedSegment(directory, number: number, isWritten: isLocked)
        again.indirectScan = indirectScan
        again.isPoisoned = isPoisoned
        again.duplicateName = duplicateName
        again.closeIfSealed()
        self = again
    }

    /// Reads the frames. Returns false if retention removed the file meanwhile, which happens only while a writer runs.
    mutating func readFramesIfThere(into buffer: ReadBuffer) throws(WALError) -> Bool {
        do throws(WALError) {
            try readFrames(into: buffer)
            return true
        } catch {
            guard !isLocked, error.isNoSuchFile else { throw error }
            return false
        }
    }

    /// The known end of the frames.
    var end: SegmentEnd? {
        if let scan {
            return SegmentEnd(offset: scan.footer?.offset ?? scan.end.offset, recordCount: scan.end.recordCount)
        }
        return footer?.end
    }

    /// The highest durable position in the segment.
    var durablePosition: UInt64 {
        // Only durable segments are compressed.
        let compressed = isCompressed ? header.map { $0.basePosition + UInt64(end?.offset ?? 0) } ?? 0 : 0
        return max(compressed, footerDurablePosition, scan?.durablePosition ?? 0)
    }
}
