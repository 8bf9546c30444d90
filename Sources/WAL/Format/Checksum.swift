internal import CWALShims

/// CRC-32C of bytes in memory, continued from the checksum of the bytes before them (FORMAT.md, "Checksums").
enum Checksum {
    static func of(_ bytes: UnsafeRawBufferPointer, after crc: UInt32 = 0) -> UInt32 {
        unsafe cwal_crc32c(crc, bytes.baseAddress, bytes.count)
    }

    static func of(_ words: UInt64..., after crc: UInt32 = 0) -> UInt32 {
        words.reduce(crc) { crc, word in
            unsafe withUnsafeBytes(of: word.littleEndian) { unsafe of($0, after: crc) }
        }
    }
}
