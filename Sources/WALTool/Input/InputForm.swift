/// A form of input other than lines of UTF-8. Its first bytes identify it.
struct InputForm {
    /// The first bytes of the form. No line of JSON begins with them.
    private let mark: [UInt8]
    private let name: String
    /// The command that converts the input to lines.
    private let command: String

    /// The byte order mark of UTF-8, which a reader skips.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    static let markSizeMax = 6

    private static let known = [
        InputForm(mark: [0x1F, 0x8B], name: "compressed with gzip", command: "gunzip -c"),
        InputForm(mark: [0x28, 0xB5, 0x2F, 0xFD], name: "compressed with zstd", command: "zstd -dc"),
        InputForm(mark: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], name: "compressed with xz", command: "xz -dc"),
        InputForm(mark: Array("BZh".utf8), name: "compressed with bzip2", command: "bunzip2 -c"),
        InputForm(mark: [0x04, 0x22, 0x4D, 0x18], name: "compressed with lz4", command: "lz4 -dc"),
        InputForm(mark: [0xFF, 0xFE], name: "text in UTF-16", command: "iconv -f UTF-16 -t UTF-8"),
        InputForm(mark: [0xFE, 0xFF], name: "text in UTF-16", command: "iconv -f UTF-16 -t UTF-8"),
    ]

    /// Returns the form whose first bytes these are; nil if there is none.
    static func of(_ bytes: UnsafeRawBufferPointer) -> InputForm? {
        known.first { bytes.starts(with: $0.mark) }
    }

    /// Returns a message that names the form and the command that converts the input to lines. `file` is nil for
    /// standard input.
    func remedy(file: String?) -> String {
        "\(file ?? "<stdin>") is \(name). Use: \(command) \(file ?? "FILE") | wal ingest … -"
    }
}
