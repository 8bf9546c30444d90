/// A segment's file, plain or compressed. Reading either one gives the segment's own bytes.
enum SegmentFile: Sendable {
    case plain(File)
    case compressed(CompressedSegment)

    /// Opens a segment's plain or compressed file, or the other one if it has taken that file's place.
    static func open(
        _ number: UInt64, isCompressed: Bool, in directory: Directory, _ mode: File.Mode,
        passesOverUnreadable: Bool = false
    ) throws(WALError) -> SegmentFile {
        func name(_ isCompressed: Bool) -> String {
            isCompressed ? SegmentName.compressed(number) : SegmentName.of(number)
        }
        func open(_ isCompressed: Bool) throws(WALError) -> SegmentFile {
            let file = try File(
                name(isCompressed), in: directory, mode, passesOverUnreadable: passesOverUnreadable)
            return isCompressed ? .compressed(try CompressedSegment(file)) : .plain(file)
        }
        do throws(WALError) {
            return try open(isCompressed)
        } catch {
            guard error.isNoSuchFile, let there = [false, true].first(where: { directory.has(name($0)) }) else {
                throw error
            }
            return try open(there)
        }
    }

    /// The underlying file on disk.
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

    /// The segment's size in bytes when its file was opened.
    var sizeAtOpening: Int {
        switch self {
        case .plain(let file): file.sizeAtOpening
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
