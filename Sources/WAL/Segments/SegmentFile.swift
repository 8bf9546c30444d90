/// A segment's file, plain or compressed, read as the segment's own bytes either way.
enum SegmentFile: Sendable {
    case plain(File)
    case compressed(CompressedSegment)

    /// Opens a segment's file. Where there are both, the plain one counts: compressing ends with its removal.
    static func open(
        _ number: UInt64, in directory: Directory, _ mode: File.Mode, passesOverUnreadable: Bool = false
    ) throws(WALError) -> SegmentFile {
        func open(_ name: String) throws(WALError) -> File {
            try File(directory.path(of: name), mode, passesOverUnreadable: passesOverUnreadable)
        }
        do throws(WALError) {
            return .plain(try open(SegmentName.of(number)))
        } catch {
            let name = SegmentName.compressed(number)
            guard error.isNoSuchFile, directory.has(name) else { throw error }
            return .compressed(try CompressedSegment(try open(name)))
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
