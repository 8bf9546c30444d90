internal import CWALShims

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The file `STATUS` of a log's directory (FORMAT.md, "Status of a writer").
///
/// It isn't mapped, because a store to a mapped page of a full disk would end the process. It isn't synced: after a
/// power loss its content has no use. Its calls bypass ``StorageHook``, because it isn't part of the log, and its
/// writes depend on the time.
final class StatusFile {
    static let name = "STATUS"
    static let size = 64 << 10
    static let magic = Array("SWALSTAT".utf8)
    static let headerSize = 512
    static let slotSize = (size - headerSize) / 2
    private static let slotHeaderSize = 16
    static let textSizeMax = slotSize - slotHeaderSize

    private let descriptor: Int32
    private let path: String
    /// The generation of the last text. Texts alternate between the two slots.
    private var generation: UInt64

    /// Opens the file for its one writer. Makes it if it doesn't exist, accessible only to its owner.
    init(in directory: Directory) throws(WALError) {
        path = directory.path(of: Self.name)
        descriptor = unsafe cwal_open_at(
            directory.descriptor, Self.name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw WALError.system("open", path) }
        generation = 0
        try FileOwnership.requireFile(descriptor, path, isWritten: true)
        if let newest = try Self.read(descriptor, path).flatMap({ Self.newest(of: $0) }) {
            generation = newest.generation
        } else {
            // Allocate all of the file's space now, so that a full disk stops no later write.
            let header = Self.magic + Self.bytes(of: LogStatus.version)
            try write(header + [UInt8](repeating: 0, count: Self.size - header.count), at: 0)
        }
    }

    deinit { close(descriptor) }

    /// Replaces the text, which has at most ``textSizeMax`` bytes. A reader finds the text from before or after the call.
    func replace(with text: [UInt8]) throws(WALError) {
        let next = generation + 1
        let checksum = unsafe text.withUnsafeBytes { unsafe Checksum.of($0, after: Checksum.of(next)) }
        let header = Self.bytes(of: next) + Self.bytes(of: UInt32(text.count)) + Self.bytes(of: checksum)
        try write(header + text, at: Self.offset(ofSlot: Int(next & 1)))
        generation = next
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        unsafe withUnsafeBytes(of: number.littleEndian) { unsafe Array($0) }
    }

    private static func offset(ofSlot slot: Int) -> Int { headerSize + slot * slotSize }

    private func write(_ bytes: [UInt8], at offset: Int) throws(WALError) {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe cwal_pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset))
        }
        guard count >= 0 else { throw WALError.system("pwrite", path) }
        guard count == bytes.count else { throw WALError(.diskFull, "\(path) has no room for the writer's status.") }
    }

    // MARK: Reading

    /// Returns the newest whole text; nil if there is none.
    static func text(in directory: Directory) throws(WALError) -> [UInt8]? {
        let path = directory.path(of: name)
        let descriptor = unsafe cwal_open_at(directory.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
        guard descriptor >= 0 else {
            let error = WALError.system("open", path)
            if error.isNoSuchFile { return nil }
            throw error
        }
        defer { close(descriptor) }
        try FileOwnership.requireFile(descriptor, path, isWritten: false)
        return try read(descriptor, path).flatMap { newest(of: $0)?.text }
    }

    /// Reads the whole file. While the writer writes one slot, the other is whole.
    private static func read(_ descriptor: Int32, _ path: String) throws(WALError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, size, 0) }
        guard count >= 0 else { throw WALError.system("pread", path) }
        return count == size ? bytes : nil
    }

    private static func newest(of file: [UInt8]) -> (generation: UInt64, text: [UInt8])? {
        guard file.starts(with: magic + bytes(of: LogStatus.version)) else { return nil }
        return (0...1).compactMap { content(ofSlot: $0, in: file) }.max { $0.generation < $1.generation }
    }

    private static func content(ofSlot slot: Int, in file: [UInt8]) -> (generation: UInt64, text: [UInt8])? {
        unsafe file.withUnsafeBytes { file in
            let place = unsafe UnsafeRawBufferPointer(rebasing: file[offset(ofSlot: slot)..<offset(ofSlot: slot + 1)])
            let generation = unsafe UInt64(littleEndian: place.load(fromByteOffset: 0, as: UInt64.self))
            let length = unsafe UInt32(littleEndian: place.load(fromByteOffset: 8, as: UInt32.self))
            let checksum = unsafe UInt32(littleEndian: place.load(fromByteOffset: 12, as: UInt32.self))
            // No writer reaches a number from which the next ones could overflow.
            guard generation > 0, generation < 1 << 62, length <= textSizeMax else { return nil }
            let text = unsafe UnsafeRawBufferPointer(rebasing: place[slotHeaderSize..<slotHeaderSize + Int(length)])
            guard unsafe checksum == Checksum.of(text, after: Checksum.of(generation)) else { return nil }
            return unsafe (generation, Array(text))
        }
    }
}
