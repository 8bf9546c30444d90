/// An entry of a cursors frame: a consumer's cursor, a producer's bookmark, or the removal of one (FORMAT.md, "Cursors").
enum Marker: Hashable {
    case cursor(name: String, sequence: UInt64)
    case cursorRemoved(name: String)
    case bookmark(Bookmark)
    case bookmarkRemoved(name: String)
    /// The entries after this one repeat the state at the end of the previous segment.
    case snapshot

    var name: String? {
        switch self {
        case .cursor(let name, _), .cursorRemoved(let name), .bookmarkRemoved(let name): name
        case .bookmark(let bookmark): bookmark.name
        case .snapshot: nil
        }
    }

    /// The cursor or bookmark that an entry sets or removes.
    struct Key: Hashable {
        var name: String?
        var isCursor: Bool
    }

    var key: Key { Key(name: name, isCursor: isCursor) }

    /// Whether a later entry replaces this one completely.
    func isReplaced(by later: Marker) -> Bool { key == later.key }

    private var isCursor: Bool {
        switch self {
        case .cursor, .cursorRemoved: true
        case .bookmark, .bookmarkRemoved, .snapshot: false
        }
    }
}

/// The body of a cursors frame, and the end of a footer's: entries one after another.
///
///     type u8 | name size u8 | metadata size u16 | zero u32 | position u64 | name | metadata | padding to 8
enum CursorsBody {
    static let nameSizeMax = 255
    static let metadataSizeMax = 1024

    private enum EntryType: UInt8 {
        case cursor = 1
        case bookmark = 2
        case cursorRemoved = 3
        case snapshot = 4
        case bookmarkRemoved = 5
    }

    static func encode(_ entries: [Marker]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            switch entry {
            case .cursor(let name, let sequence): add(.cursor, name, sequence, [], to: &bytes)
            case .cursorRemoved(let name): add(.cursorRemoved, name, 0, [], to: &bytes)
            case .bookmark(let mark): add(.bookmark, mark.name, mark.position, mark.metadata, to: &bytes)
            case .bookmarkRemoved(let name): add(.bookmarkRemoved, name, 0, [], to: &bytes)
            case .snapshot: add(.snapshot, "", 0, [], to: &bytes)
            }
        }
        return bytes
    }

    private static func add(
        _ type: EntryType, _ name: String, _ position: UInt64, _ metadata: [UInt8], to bytes: inout [UInt8]
    ) {
        bytes.add(type.rawValue)
        bytes.add(UInt8(name.utf8.count))
        bytes.add(UInt16(metadata.count))
        bytes.add(0 as UInt32)
        bytes.add(position)
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: metadata)
        bytes.pad()
    }

    /// Reads entries up to the end of `bytes`. Returns nil if they don't have this format.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> [Marker]? {
        var reader = unsafe ByteReader(bytes)
        var entries: [Marker] = []
        while reader.remaining > 0 {
            guard let type = reader.number(UInt8.self), let nameSize = reader.number(UInt8.self),
                let metadataSize = reader.number(UInt16.self), reader.number(UInt32.self) != nil,
                let position = reader.number(UInt64.self), let nameBytes = reader.bytes(Int(nameSize)),
                let name = String(validating: nameBytes, as: UTF8.self),
                let metadata = reader.bytes(Int(metadataSize)), reader.align()
            else { return nil }
            switch EntryType(rawValue: type) {
            case .cursor: entries.append(.cursor(name: name, sequence: position))
            case .cursorRemoved: entries.append(.cursorRemoved(name: name))
            case .bookmark:
                entries.append(.bookmark(Bookmark(name: name, position: position, metadata: metadata)))
            case .bookmarkRemoved: entries.append(.bookmarkRemoved(name: name))
            case .snapshot: entries.append(.snapshot)
            case nil: return nil
            }
        }
        return entries
    }
}
