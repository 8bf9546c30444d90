/// Copies and checks of a backup's files.
enum BackupFile {
    /// The number of bytes that are read and written at once.
    private static let pieceSize = 1 << 20

    /// Copies the first bytes of a file to another one. Returns their SHA-256.
    static func copy(_ source: File, count: Int, to target: File) throws(WALError) -> String {
        try pieces(of: source, count: count) { piece, offset throws(WALError) in try target.write(piece, at: offset) }
    }

    /// Checks that a file of the backup has the bytes that the manifest states.
    ///
    /// - Throws: ``WALError/Code/corrupted``, with the file's name, if it doesn't; ``WALError/Code/inputOutput``.
    static func verify(_ segment: BackupManifest.Segment, in directory: Directory) throws(WALError) {
        guard let file = try ifExists({ () throws(WALError) in try File(segment.fileName, in: directory, .read) })
        else {
            throw WALError(
                .corrupted, "\(directory.path(of: segment.fileName)) is missing from the backup. Use another backup.")
        }
        guard try file.size() == segment.size else {
            throw WALError(
                .corrupted,
                "\(file.path) has \(try file.size()) bytes instead of \(segment.size). Use another backup.")
        }
        let digest = try pieces(of: file, count: segment.length) { _, _ in }
        guard digest == segment.digest, try ZeroBlocks.areZero(file, from: segment.length, to: segment.size) else {
            throw WALError(
                .corrupted,
                "\(file.path) has changed: its SHA-256 isn't the one in the manifest. Use another backup.")
        }
    }

    /// Reads the first bytes of a file piece by piece. Returns their SHA-256.
    private static func pieces(
        of file: File, count: Int, _ body: ([UInt8], Int) throws(WALError) -> Void
    ) throws(WALError) -> String {
        var hash = SHA256()
        var offset = 0
        while offset < count {
            let piece = try file.read(at: offset, count: min(pieceSize, count - offset))
            guard !piece.isEmpty else {
                throw WALError(.corrupted, "\(file.path) has \(offset) bytes instead of \(count).")
            }
            hash.add(piece)
            try body(piece, offset)
            offset += piece.count
        }
        return hash.hexadecimalDigest()
    }
}
