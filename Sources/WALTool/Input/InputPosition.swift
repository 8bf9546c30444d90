import CWALShims
import WAL

/// The length of the consumed part of an input, and the checksum of that part.
///
/// With them, a later run continues at the right place, and only if the input is the same.
struct InputPosition: Hashable {
    private(set) var lines: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    /// The CRC-32C of all consumed bytes.
    private(set) var checksum: UInt32 = 0
    /// Whether the last consumed byte isn't a newline, because the input ended there at that time.
    private(set) var endsOpen = false

    init() {}

    /// Reads the position from a bookmark. Returns nil if `ingest` didn't make the bookmark.
    init?(_ bookmark: Bookmark) {
        guard bookmark.metadata.count == Self.metadataSize else { return nil }
        lines = bookmark.position
        bytes = Self.integer(bookmark.metadata[0..<8])
        checksum = UInt32(Self.integer(bookmark.metadata[8..<12]))
        endsOpen = bookmark.metadata[12] != 0
    }

    func bookmark(named name: String) -> Bookmark {
        let metadata = Self.bytes(of: bytes) + Self.bytes(of: checksum) + [endsOpen ? 1 : 0]
        return Bookmark(name: name, position: lines, metadata: metadata)
    }

    mutating func consume(_ piece: UnsafeRawBufferPointer, lines count: UInt64) {
        guard let last = piece.last else { return }
        lines += count
        bytes += UInt64(piece.count)
        checksum = cwal_crc32c(checksum, piece.baseAddress, piece.count)
        endsOpen = last != UInt8(ascii: "\n")
    }

    /// Consumes the newline that was added after an open end. The line before it was already counted.
    mutating func closeEnd(_ newline: UnsafeRawBufferPointer) {
        consume(newline, lines: 0)
        endsOpen = false
    }

    private static let metadataSize = 13

    private static func bytes(of value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
