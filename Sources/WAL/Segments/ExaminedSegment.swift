/// A segment file as opening finds it: header, footer, and where needed all its frames. Only reads.
struct ExaminedSegment {
    var number: UInt64
    private let directory: Directory
    let path: String
    let isCompressed: Bool
    /// Closed while nothing has to be read: a process may have fewer files open than a log has segments.
    private var openFile: SegmentFile?
    /// The segment's size in bytes.
    var fileSize: Int
    /// What it takes up on the disk, in bytes.
    var diskSize: Int
    var decoded: SegmentHeader.Decoded
    /// A whole footer at the end of the file, with the durable position that its frame tells.
    var footer: SegmentFooter?
    var footerDurablePosition: UInt64 = 0
    private var indirectScan: Indirect<SegmentScan>?
    /// A sync of it failed, and what the kernel shows may not be on the disk.
    var isPoisoned = false
    /// The other file of the segment where there are two; this one counts.
    var duplicateName: String?
    /// Whoever opens for writing has the log's lock, so that nobody seals the segment meanwhile.
    private let isLocked: Bool

    /// Nil where the footer was enough.
    var scan: SegmentScan? { indirectScan?.value }

    var header: SegmentHeader? {
        if case .header(let header, _) = decoded { header } else { nil }
    }

    /// The latest time of its records; nil without any.
    var latestTime: Int64? {
        if let footer { return footer.recordCount > 0 ? footer.lastTime : nil }
        guard let scan, scan.summary.recordCount > 0 else { return nil }
        return scan.summary.lastTime
    }

    var damagedHeaderCopies: Int {
        if case .header(_, let count) = decoded { count } else { 2 }
    }

    /// It is compressed, and the table of its blocks isn't whole.
    private(set) var isTableDamaged = false

    /// Whether anything that is there twice is damaged once.
    var hasBadCopy: Bool { damagedHeaderCopies > 0 || isTableDamaged }

    /// Where there are both files, the plain one counts: compressing and repairing leave none that isn't whole. Unless it has no
    /// footer, and the compressed one is the same segment with one: then somebody has unpacked a part of that.
    init(_ directory: Directory, number: UInt64, isWritten: Bool) throws(WALError) {
        try self.init(directory, number: number, isCompressed: false, isWritten: isWritten)
        guard !isCompressed, footer == nil, directory.has(SegmentName.compressed(number)) else { return }
        let other = try ExaminedSegment(directory, number: number, isCompressed: true, isWritten: isWritten)
        guard other.footer != nil, !other.isTableDamaged, let otherHeader = other.header,
            otherHeader.segmentNumber == number,
            header.map({ $0.incarnation == otherHeader.incarnation }) ?? (decoded == .damaged)
        else { return }
        self = other
    }

    /// Examines one of the two files that there may be.
    init(_ directory: Directory, number: UInt64, isCompressed: Bool, isWritten: Bool) throws(WALError) {
        self.number = number
        self.directory = directory
        isLocked = isWritten
        let file = try Self.open(number, isCompressed: isCompressed, in: directory, isWritten: isWritten)
        path = file.file.path
        self.isCompressed = file.isCompressed
        openFile = file
        fileSize = try file.size()
        diskSize = file.isCompressed ? try file.file.size() : fileSize
        if case .compressed(let segment) = file { isTableDamaged = !segment.isTableWhole }
        decoded = try unsafe withUnsafeTemporaryAllocation(byteCount: SegmentHeader.size, alignment: 8) { start in
            Result { () throws(WALError) in
                let count = try unsafe file.read(at: 0, into: start)
                return unsafe SegmentHeader.decode(UnsafeRawBufferPointer(rebasing: start[..<count]), number: number)
            }
        }.get()
        guard let header, header.state == .active else { return }
        try readFooter(header, in: file)
        guard isWritten, footer == nil, header.segmentNumber == number else { return }
        // What goes on being written to by whoever has it open under another name is nobody's to seal.
        try file.file.lock()
        file.file.unlock()
    }

    /// What is read of a file's end at once: the footer of a segment with some cursors.
    private static let tailSize = 8 << 10

    private mutating func readFooter(
        _ header: SegmentHeader, in file: SegmentFile, tailSize: Int = Self.tailSize
    ) throws(WALError) {
        guard fileSize >= SegmentHeader.size + SegmentFooter.trailerSize else { return }
        let start = max(0, fileSize - tailSize)
        // Not an array: a log may have a thousand segments, and zeroing fresh memory costs more than reading into it.
        let footerSize = try unsafe withUnsafeTemporaryAllocation(byteCount: fileSize - start, alignment: 8) { tail in
            Result { () throws(WALError) -> Int in
                // Fewer bytes where it was cut off since its size was read.
                guard unsafe try file.read(at: start, into: tail) == tail.count else { return 0 }
                return unsafe takeFooter(from: UnsafeRawBufferPointer(tail), start: start, header)
            }
        }.get()
        if footerSize > tailSize { try readFooter(header, in: file, tailSize: footerSize) }
    }

    /// Takes the footer from the end of the file, which starts at `start`. Returns the footer's size, if there is one.
    private mutating func takeFooter(
        from tail: UnsafeRawBufferPointer, start: Int, _ header: SegmentHeader
    ) -> Int {
        let trailer = unsafe UnsafeRawBufferPointer(rebasing: tail.suffix(SegmentFooter.trailerSize))
        guard let base = tail.baseAddress,
            let offset = unsafe SegmentFooter.offset(fromTrailer: trailer, fileSize: fileSize)
        else { return 0 }
        let size = fileSize - offset
        // The checksum has the frame's place in the segment in it, so the check gets the place, and memory shifted to fit.
        guard offset >= start,
            case .valid(let frame) = unsafe FrameValidity.check(
                commitWord: base.load(at: offset - start), base: base - start,
                offset: offset, limit: min(fileSize, Int(clamping: header.capacity)),
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

    /// The file, opened again if it was closed.
    var file: SegmentFile {
        get throws(WALError) {
            if let openFile { return openFile }
            return try Self.open(number, isCompressed: isCompressed, in: directory, isWritten: isLocked)
        }
    }

    /// Who only looks is told of what can't be read as damage. Before anything is moved, a failing disk is to be copied.
    private static func open(
        _ number: UInt64, isCompressed: Bool, in directory: Directory, isWritten: Bool
    ) throws(WALError) -> SegmentFile {
        try SegmentFile.open(
            number, isCompressed: isCompressed, in: directory, isWritten ? .readWrite : .read,
            passesOverUnreadable: !isWritten)
    }

    /// The file's name in the log's directory.
    var name: String { isCompressed ? SegmentName.compressed(number) : SegmentName.of(number) }

    /// Takes both copies of its header for damaged.
    mutating func refuseHeader() {
        decoded = .damaged
        footer = nil
    }

    /// Closes the file of a sealed segment, which nobody changes.
    mutating func closeIfSealed() {
        if footer != nil { openFile = nil }
    }

    /// Whether the file is in its place, and of this log: only then its positions mean anything for the others.
    func belongs(to logID: LogID?) -> Bool {
        guard let header else { return false }
        return header.state == .active && header.logID == logID && header.segmentNumber == number
    }

    /// Whether a stamp, its footer's own or one that comes later, says that all before its footer is durable.
    func areFramesDurable(given later: UInt64) -> Bool {
        guard let header, let footer else { return false }
        return max(later, footerDurablePosition) >= header.basePosition + UInt64(footer.offset)
    }

    /// Whether a stamp says that its footer is durable, too. Only one from behind its end does: no footer knows that of itself.
    func isFooterDurable(given later: UInt64) -> Bool {
        guard let header, let footer else { return false }
        return later > header.basePosition + UInt64(footer.offset)
    }

    /// Whether its footer isn't enough to know what is in it.
    func needsScan(isDurable: Bool) -> Bool {
        guard let header, footer != nil, !isPoisoned, !hasBadCopy else { return true }
        return !isDurable && !header.bootID.isSameBoot(as: .current)
    }

    mutating func readFrames(into buffer: ReadBuffer) throws(WALError) {
        guard isLocked else { return try readFramesBesideAWriter(into: buffer) }
        guard let header else { return }
        indirectScan = Indirect(try SegmentScan(try buffer.load(try file, isImmutable: true), header: header))
    }

    /// A segment is sealed, compressed and replaced once each; whoever else changes a file doesn't hold up whoever looks at it.
    private static let scansMax = 8

    /// The same where the segment may be written to, sealed, compressed or replaced meanwhile: what looks lost is lost if it does so
    /// twice. A gap in the second scan was one all through the first, so what that was told is all that can speak of it.
    private mutating func readFramesBesideAWriter(into buffer: ReadBuffer) throws(WALError) {
        var before: (losses: [Int], durablePosition: UInt64)?
        for _ in 0..<Self.scansMax {
            guard let header else { break }
            var scan = try SegmentScan(try buffer.load(try file, isImmutable: footer != nil), header: header)
            if let before { scan.limitDurablePositions(to: before.durablePosition) }
            let losses = scan.losses
            indirectScan = Indirect(scan)
            if losses.isEmpty || losses == before?.losses { break }
            before = (losses, scan.durablePosition)
            try examineAgain()
        }
        // Its first copy may have been read while the second was written. Before there is a frame both are whole.
        if damagedHeaderCopies > 0 { try examineAgain() }
    }

    /// Takes the file as it is now, and keeps what was found by reading its frames.
    private mutating func examineAgain() throws(WALError) {
        var again = try ExaminedSegment(directory, number: number, isWritten: isLocked)
        again.indirectScan = indirectScan
        again.isPoisoned = isPoisoned
        again.duplicateName = duplicateName
        again.closeIfSealed()
        self = again
    }

    /// The same; false where retention has removed the file meanwhile, as it may beside a writer.
    mutating func readFramesIfThere(into buffer: ReadBuffer) throws(WALError) -> Bool {
        do throws(WALError) {
            try readFrames(into: buffer)
            return true
        } catch {
            guard !isLocked, error.isNoSuchFile else { throw error }
            return false
        }
    }

    /// Where the frames end, as far as they can be told.
    var end: SegmentEnd? {
        if let scan {
            return SegmentEnd(offset: scan.footer?.offset ?? scan.end.offset, recordCount: scan.end.recordCount)
        }
        return footer.map {
            SegmentEnd(offset: $0.offset, recordCount: $0.finalSequence + 1 - $0.firstSequence)
        }
    }

    /// The highest durable position that anything in it tells.
    var durablePosition: UInt64 {
        // What isn't durable isn't compressed.
        let compressed = isCompressed ? header.map { $0.basePosition + UInt64(end?.offset ?? 0) } ?? 0 : 0
        return max(compressed, footerDurablePosition, scan?.durablePosition ?? 0)
    }
}
