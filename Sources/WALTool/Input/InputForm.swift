/// A form of input other than lines of UTF-8. Its first bytes identify it.
enum InputForm: CaseIterable {
    case gzip, zstd, xz, bzip2, lz4, utf16

    /// The byte order mark of UTF-8, which a reader skips.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    static let markSizeMax = 6

    /// Finds the form whose first bytes these are; nil if there is none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        let form = Self.allCases.first { $0.marks.contains { bytes.starts(with: $0) } }
        guard let form else { return nil }
        self = form
    }

    /// The first bytes of the form. No line of JSON begins with them.
    private var marks: [[UInt8]] {
        switch self {
        case .gzip: [[0x1F, 0x8B]]
        case .zstd: [[0x28, 0xB5, 0x2F, 0xFD]]
        case .xz: [[0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]]
        case .bzip2: [Array("BZh".utf8)]
        case .lz4: [[0x04, 0x22, 0x4D, 0x18]]
        case .utf16: [[0xFF, 0xFE], [0xFE, 0xFF]]
        }
    }

    /// Returns a message that names the form and the command that converts the input to lines. `file` is nil for
    /// standard input.
    func remedy(file: String?) -> String {
        let (what, command) =
            switch self {
            case .gzip: ("compressed with gzip", "gunzip -c")
            case .zstd: ("compressed with zstd", "zstd -dc")
            case .xz: ("compressed with xz", "xz -dc")
            case .bzip2: ("compressed with bzip2", "bunzip2 -c")
            case .lz4: ("compressed with lz4", "lz4 -dc")
            case .utf16: ("text in UTF-16", "iconv -f UTF-16 -t UTF-8")
            }
        return "\(file ?? "<stdin>") is \(what). Use: \(command) \(file ?? "FILE") | wal ingest … -"
    }
}
