/// The list of a backup's files (FORMAT.md, "Backups").
struct BackupManifest: Hashable {
    static let fileName = "MANIFEST"
    private static let firstLine = "swift-wal backup 1"
    /// A manifest with a million segments is smaller.
    private static let sizeMax = 256 << 20

    /// The form of a file.
    enum Form: String {
        /// The whole file of a sealed segment.
        case plain
        /// The whole compressed file of a segment.
        case lz4
        /// The durable frames of a segment, with zeros up to its capacity.
        case prefix
    }

    struct Segment: Hashable {
        var number: UInt64
        var incarnation: UInt64
        var form: Form
        /// The number of bytes before the zeros.
        var length: Int
        /// The size of the file in bytes.
        var size: Int
        var firstSequence: UInt64
        /// One less than the first if there are no records.
        var lastSequence: UInt64
        /// The SHA-256 of the bytes before the zeros, as 64 hexadecimal digits.
        var digest: String

        /// The name of the segment's file in a log.
        var logName: String { form == .lz4 ? SegmentName.compressed(number) : SegmentName.of(number) }

        /// The name of the segment's file in the backup. It contains the digest, so different contents get different
        /// names, and no file that a manifest lists is ever changed.
        var fileName: String {
            let plain = SegmentName.of(number)
            return "\(plain.dropLast(SegmentName.suffix.utf8.count))-\(digest)\(form == .lz4 ? ".wal.lz4" : ".wal")"
        }
    }

    var logID: LogID
    var time: Timestamp
    /// The last record in the backup, or one less than the first if there is none.
    var durableSequence: UInt64
    /// The highest sequence number that the log had given when it was copied.
    var highestSequence: UInt64
    var segments: [Segment] = []
    var markers = Markers()

    /// The size of the files, without zeros after a prefix.
    var byteCount: Int { segments.reduce(0) { $0 + $1.length } }

    private var encoded: [UInt8] {
        var lines = [
            Self.firstLine, "log \(logID)", "time \(time.rawValue)", "durable \(durableSequence)",
            "highest \(highestSequence)",
        ]
        for segment in segments {
            lines.append(
                "segment \(segment.number) \(String(segment.incarnation, radix: 16)) \(segment.form.rawValue) "
                    + "\(segment.length) \(segment.size) \(segment.firstSequence) \(segment.lastSequence) \(segment.digest)"
            )
        }
        for (name, position) in markers.cursors.sorted(by: { $0.key < $1.key }) {
            lines.append("cursor \(position) \(Self.hexadecimal(Array(name.utf8)))")
        }
        for mark in markers.bookmarks.values.sorted(by: { $0.name < $1.name }) {
            let name = Self.hexadecimal(Array(mark.name.utf8))
            lines.append("bookmark \(mark.position) \(name) \(Self.hexadecimal(mark.metadata))")
        }
        lines.append("total \(segments.count) \(byteCount)")
        let bytes = lines.flatMap { Array("\($0)\n".utf8) }
        return bytes + Array("sha256 \(SHA256.hexadecimalDigest(of: bytes))\n".utf8)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        guard !bytes.isEmpty else { return "-" }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Replaces the manifest durably. Blocks for two syncs.
    func write(in directory: Directory) throws(WALError) {
        try directory.replace(Self.fileName, with: encoded)
    }
}

extension BackupManifest {
    /// Reads the manifest. Returns nil if there is none.
    ///
    /// - Throws: ``WALError/Code/corrupted`` unless the manifest is whole; ``WALError/Code/versionTooNew``;
    ///   ``WALError/Code/inputOutput``.
    init?(in directory: Directory) throws(WALError) {
        guard let file = try ifExists({ () throws(WALError) in try File(Self.fileName, in: directory, .read) }) else {
            return nil
        }
        let bytes = try file.read(at: 0, count: min(try file.size(), Self.sizeMax))
        if bytes.starts(with: "swift-wal backup ".utf8), !bytes.starts(with: "\(Self.firstLine)\n".utf8),
            bytes.count > Self.firstLine.utf8.count
        {
            throw WALError(
                .versionTooNew, "A newer version of swift-wal wrote \(file.path), or it is damaged. Use that version.")
        }
        guard let manifest = BackupManifest(decoding: bytes) else {
            throw WALError(
                .corrupted, "\(file.path) isn't whole. Use another backup, or remove the file to begin a new one.")
        }
        self = manifest
    }

    private init?(decoding bytes: [UInt8]) {
        let hashLineSize = "sha256 ".utf8.count + 64 + 1
        guard bytes.count > hashLineSize else { return nil }
        let covered = Array(bytes.dropLast(hashLineSize))
        let hashLine = String(decoding: bytes.suffix(hashLineSize), as: UTF8.self)
        guard hashLine == "sha256 \(SHA256.hexadecimalDigest(of: covered))\n" else { return nil }
        self.init(lines: String(decoding: covered, as: UTF8.self).split(separator: "\n"))
    }

    private init?(lines: [Substring]) {
        guard lines.count >= 6, lines[0] == Self.firstLine else { return nil }
        func value(_ line: Int, _ key: String) -> Substring? {
            lines[line].hasPrefix("\(key) ") ? lines[line].dropFirst(key.count + 1) : nil
        }
        guard let id = value(1, "log").flatMap({ LogID(String($0)) }),
            let time = value(2, "time").flatMap({ Int64($0) }),
            let durable = value(3, "durable").flatMap({ UInt64($0) }),
            let highest = value(4, "highest").flatMap({ UInt64($0) }), highest < SegmentHeader.countMax
        else { return nil }
        logID = id
        self.time = Timestamp(rawValue: time)
        durableSequence = durable
        highestSequence = highest
        for line in lines[5...] {
            let words = line.split(separator: " ")
            switch words.first {
            case "segment":
                guard let segment = Self.segment(words) else { return nil }
                segments.append(segment)
            case "cursor":
                guard words.count == 3, let position = UInt64(words[1]), let name = Self.bytes(words[2]) else {
                    return nil
                }
                markers.cursors[String(decoding: name, as: UTF8.self)] = position
            case "bookmark":
                guard words.count == 4, let position = UInt64(words[1]), let name = Self.bytes(words[2]),
                    let metadata = Self.bytes(words[3])
                else { return nil }
                let mark = Bookmark(
                    name: String(decoding: name, as: UTF8.self), position: position, metadata: metadata)
                markers.bookmarks[mark.name] = mark
            case "total":
                guard words.count == 3, Int(words[1]) == segments.count, Int(words[2]) == byteCount else { return nil }
            default: return nil
            }
        }
        guard !segments.isEmpty else { return nil }
    }

    private static func segment(_ words: [Substring]) -> Segment? {
        guard words.count == 9, let number = UInt64(words[1]), let incarnation = UInt64(words[2], radix: 16),
            let form = Form(rawValue: String(words[3])), let length = Int(words[4]), let size = Int(words[5]),
            let first = UInt64(words[6]), let last = UInt64(words[7]), words[8].utf8.count == 64,
            length >= 0, length <= size, size <= 1 << 33, bytes(words[8]) != nil
        else { return nil }
        return Segment(
            number: number, incarnation: incarnation, form: form, length: length, size: size, firstSequence: first,
            lastSequence: last, digest: String(words[8]))
    }

    private static func bytes(_ digits: Substring) -> [UInt8]? {
        if digits == "-" { return [] }
        let values = digits.compactMap(\.hexDigitValue)
        guard values.count == digits.count, values.count % 2 == 0 else { return nil }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}
