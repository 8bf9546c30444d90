/// A segment's file, plain or compressed, read as the segment's own bytes either way.
enum SegmentFile: Sendable {
    case plain(File)
    case compressed(CompressedSegment)

    init(_ path: String, _ mode: File.Mode, passesOverUnreadable: Bool = false) throws(WALError) {
        let file = try File(path, mode, passesOverUnreadable: passesOverUnreadable)
        self = SegmentName.isCompressed(path) ? .compressed(try CompressedSegment(file)) : .plain(file)
    }

    /// Opens a segment's file, or the other one where that has taken its place.
    static func open(
        _ number: UInt64, isCompressed: Bool, in directory: Directory, _ mode: File.Mode,
        passesOverUnreadable: Bool = false
    ) throws(WALError) -> SegmentFile {
        let names = [SegmentName.of(number), SegmentName.compressed(number)]
        do throws(WALError) {
            return try SegmentFile(
                directory.path(of: names[isCompressed ? 1 : 0]), mode, passesOverUnreadable: passesOverUnreadable)
        } catch {
            guard error.isNoSuchFile, let name = names.first(where: directory.has) else { throw error }
            return try SegmentFile(directory.path(of: name), mode, passesOverUnreadable: passesOverUnreadable)
        }
    }

    /// What is on the disk.
    var file: File {
        switch self {
        case .plain(let file): file
        case .compressed(let segment): segment.file
        }
    }

    var isCompressed: Bool {
        if case .compressed = self { true } else { false }
    }

    /// The segment's size in bytes.
    func size() throws(WALError) -> Int {
        switch self {
        case .plain(let file): try file.size()
        case .compressed(let segment): segment.size
        }
    }

    func read(at offset: Int, into room: UnsafeMutableRawBufferPointer) throws(WALError) -> Int {
        switch self {
        case .plain(let file): unsafe try file.read(at: offset, into: room)
        case .compressed(let segment): unsafe try segment.read(at: offset, into: room)
        }
    }
}
