/// One backup of a log. It copies, verifies, replaces the manifest, and then removes files that no manifest lists.
struct BackupWriter {
    private let log: ReadOnlyLog
    private let target: Directory
    private let owner: ConsumerOwner
    private let lifetime: Duration
    private var renewed = ContinuousClock.now
    private let before: BackupManifest?
    private var manifest: BackupManifest
    private var copied: [BackupManifest.Segment] = []
    /// The header of the segment before.
    private var previous: SegmentHeader?
    private let buffer = ReadBuffer()

    private static let temporaryName = "segment.new"

    init(
        of log: ReadOnlyLog, in target: Directory, _ owner: ConsumerOwner, lifetime: Duration
    ) throws(WALError) {
        self.log = log
        self.target = target
        self.owner = owner
        self.lifetime = lifetime
        before = try BackupManifest(in: target)
        manifest = BackupManifest(logID: log.id, time: .now, durableSequence: 0, highestSequence: 0)
        if let before {
            guard before.logID == log.id else {
                throw WALError(
                    .notALogDirectory,
                    "\(target.path) has the backup of another log than the one in \(log.directory). Name another directory."
                )
            }
        } else if let other = try target.names().first(where: { !Self.isOwn($0) && $0 != "lost+found" }) {
            throw WALError(
                .notALogDirectory,
                "\(target.path) has a file \(other) and no backup. Name an empty directory.")
        }
    }

    mutating func run() throws(WALError) -> LogBackup.Summary {
        let durable = try log.source.provenPosition()
        manifest.highestSequence = max(try log.lastSequence.rawValue, before?.highestSequence ?? 0)
        for number in try log.source.directory.segmentNumbers() {
            try add(number, durable: durable)
            try renew()
        }
        guard let last = manifest.segments.last else {
            throw WALError(
                .removed, "All segments of \(log.directory) were removed during the backup. Try again.",
                isRetriable: true)
        }
        manifest.durableSequence = last.lastSequence
        // A segment of later records may have been sealed and compressed during the backup.
        manifest.highestSequence = max(manifest.highestSequence, last.lastSequence)
        // The process that made the directory may have ended before its name was durable.
        if before == nil { try target.syncEntry() }
        try target.sync()
        for segment in copied {
            try BackupFile.verify(segment, in: target)
            try renew()
        }
        try manifest.write(in: target)
        try removeOthers()
        return LogBackup.Summary(
            logID: log.id, segmentCount: manifest.segments.count, copiedSegmentCount: copied.count,
            byteCount: manifest.byteCount, copiedByteCount: copied.reduce(0) { $0 + $1.length },
            firstSequence: SequenceNumber(rawValue: manifest.segments.first?.firstSequence ?? 1),
            lastSequence: SequenceNumber(rawValue: manifest.durableSequence),
            highestSequence: SequenceNumber(rawValue: manifest.highestSequence))
    }

    /// Renews the ownership of the consumer when a quarter of its lifetime has passed.
    private mutating func renew() throws(WALError) {
        guard ContinuousClock.now - renewed >= lifetime / 4 else { return }
        try owner.save(owner.position)
        renewed = .now
    }

    /// Adds a segment, unless nothing in it is durable.
    private mutating func add(_ number: UInt64, durable: UInt64) throws(WALError) {
        guard var segment = try log.source.examined(number) else {
            // Retention removes the oldest segments first.
            manifest.segments = []
            return
        }
        guard let header = segment.header else {
            throw damaged(segment.path, "its header can't be read")
        }
        guard header.state != .prepared else { return }
        guard segment.belongs(to: log.id) else { throw damaged(segment.path, "it belongs to another log") }
        let isFirst = manifest.segments.isEmpty
        if !isFirst, let previous, !header.follows(previous) {
            throw damaged(segment.path, "the segment before it is missing")
        }
        // This comes last, because a segment that was compressed or replaced meanwhile is added again.
        defer { previous = header }
        guard isFirst || header.basePosition + UInt64(SegmentHeader.size) < durable else { return }
        if let footer = segment.footer,
            segment.isCompressed || header.basePosition + UInt64(footer.offset) <= durable
        {
            manifest.markers = footer.markers
            try addWhole(&segment, header, footer)
        } else {
            try addPrefix(&segment, header, durable: durable)
        }
    }

    private mutating func addWhole(
        _ segment: inout ExaminedSegment, _ header: SegmentHeader, _ footer: SegmentFooter
    ) throws(WALError) {
        if let known = try known(header, footer) {
            manifest.segments.append(known)
            return
        }
        guard try segment.readFramesIfThere(into: buffer) else {
            manifest.segments = []
            return
        }
        if let offset = segment.scan?.losses.first { throw damaged(segment.path, "offset \(offset)") }
        if segment.hasBadCopy { throw damaged(segment.path, "one of two copies of its header or table") }
        let file = try segment.file.file
        let size = try file.size()
        var copy = BackupManifest.Segment(
            number: header.segmentNumber, incarnation: header.incarnation,
            form: SegmentName.isCompressed(file.path) ? .lz4 : .plain, length: size, size: size,
            firstSequence: header.baseSequence, lastSequence: footer.finalSequence, digest: "")
        try store(&copy) { target throws(WALError) in try BackupFile.copy(file, count: size, to: target) }
    }

    /// Returns the whole file that the backup has of a segment, if the file is unchanged. It may be plain although the
    /// log's file is compressed: the segment is the same.
    ///
    /// The footers must be equal: in a log that was restored or rolled back, a segment can end earlier than in the backup.
    private func known(
        _ header: SegmentHeader, _ footer: SegmentFooter
    ) throws(WALError) -> BackupManifest.Segment? {
        guard
            let known = before?.segments.first(where: {
                $0.number == header.segmentNumber && $0.incarnation == header.incarnation && $0.form != .prefix
            })
        else { return nil }
        do throws(WALError) {
            try BackupFile.verify(known, in: target)
            let file = try File(known.fileName, in: target, .read)
            let copy = try ExaminedSegment(
                known.form == .lz4 ? .compressed(CompressedSegment(file)) : .plain(file), number: known.number,
                in: target, isWritten: false)
            return copy.footer == footer ? known : nil
        } catch {
            guard error.code == .corrupted else { throw error }
            return nil
        }
    }

    /// Adds the durable frames of a segment. Zeros follow them up to the capacity, as in a segment that is being
    /// written: the end of a shorter file would be damage (FORMAT.md, row R7).
    private mutating func addPrefix(
        _ segment: inout ExaminedSegment, _ header: SegmentHeader, durable: UInt64
    ) throws(WALError) {
        guard !segment.isCompressed else { throw damaged(segment.path, "it has no footer") }
        guard try segment.readFramesIfThere(into: buffer) else {
            manifest.segments = []
            return
        }
        let file = try segment.file
        // The segment has been sealed and compressed since, or its file was replaced after a failed sync.
        guard case .plain = file, segment.header == header else {
            return try add(header.segmentNumber, durable: durable)
        }
        let losses = segment.scan?.losses.filter { header.basePosition + UInt64($0) < durable } ?? []
        if let offset = losses.first { throw damaged(segment.path, "offset \(offset)") }
        let contents = try buffer.load(file, of: header, isImmutable: false)
        var end = SegmentHeader.size
        _ = unsafe try SegmentScan(contents, header: header) { frame, offset in
            let next = unsafe offset + frame.header.size
            if offset == end, header.basePosition + UInt64(next) <= durable { end = next }
        }
        guard let base = unsafe contents.base, contents.count >= end else {
            throw damaged(segment.path, "offset 0")
        }
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: base, count: end))
        let scan = try unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(WALError) in unsafe try SegmentScan(SegmentBytes(bytes), header: header) }
        }.get()
        manifest.markers = scan.summary.markers.state(after: manifest.markers)
        var copy = BackupManifest.Segment(
            number: header.segmentNumber, incarnation: header.incarnation, form: .prefix, length: end,
            size: Int(clamping: header.capacity), firstSequence: header.baseSequence,
            lastSequence: header.baseSequence - 1 + scan.end.recordCount, digest: "")
        try store(&copy) { target throws(WALError) in
            try target.write(bytes, at: 0)
            return SHA256.hexadecimalDigest(of: bytes)
        }
    }

    /// Writes a file, makes it durable, and names it by its content.
    private mutating func store(
        _ segment: inout BackupManifest.Segment, _ write: (File) throws(WALError) -> String
    ) throws(WALError) {
        try target.remove(Self.temporaryName)
        let file = try File(Self.temporaryName, in: target, .create)
        segment.digest = try write(file)
        try file.truncate(to: segment.size)
        try file.sync()
        try target.rename(Self.temporaryName, to: segment.fileName)
        manifest.segments.append(segment)
        copied.append(segment)
    }

    /// Removes the files of earlier backups that this one doesn't need.
    private func removeOthers() throws(WALError) {
        let needed = Set(manifest.segments.map(\.fileName))
        for name in try target.names() where Self.isSegment(name) && !needed.contains(name) {
            try target.remove(name)
        }
        try target.sync()
    }

    /// Whether a name is that of a file that a backup makes.
    private static func isOwn(_ name: String) -> Bool {
        isSegment(name) || name == temporaryName || name == BackupManifest.fileName
            || name == BackupManifest.fileName + ".new"
    }

    private static func isSegment(_ name: String) -> Bool {
        let parts = name.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, parts[1] == "wal" || parts[1] == "wal.lz4" else { return false }
        let words = parts[0].split(separator: "-")
        return words.count == 2 && words[0].utf8.count == 20 && UInt64(words[0]) != nil && words[1].utf8.count == 64
    }

    private func damaged(_ path: String, _ place: String) -> WALError {
        WALError(
            .corrupted,
            """
            \(path) is damaged: \(place). Nothing of this backup counts, and the one before it stays. Repair the log \
            with `wal repair`, and try again.
            """)
    }
}
