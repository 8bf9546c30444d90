/// The content of a consumer's file (FORMAT.md, "Consumers in other processes").
struct ConsumerState: Hashable {
    private static let magic = Array("SWALCONS".utf8)
    private static let version: UInt32 = 1
    static let size = 96
    /// The lifetime of a newer version's file that states none, in microseconds: an hour.
    private static let defaultLifetime: UInt64 = 3_600_000_000

    var logID: LogID
    /// The last record that the consumer has processed.
    var position: UInt64
    var attempts = ConsumerAttempts()
    /// The owner's process; 0 after an orderly end.
    var process: UInt32
    /// The time at which the process was started, in ticks since the kernel's start; 0 if unknown.
    var processStart: UInt64
    var savedAt: Int64
    /// The time after the save for which the writer keeps records, in microseconds.
    var lifetime: UInt64
    /// The largest number of log bytes that the writer keeps.
    var pinnedBytesMax: UInt64

    var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.size)
        bytes.add(Self.version)
        bytes.add(process)
        for number in [
            logID.low, logID.high, position, attempts.start, processStart, UInt64(bitPattern: savedAt), lifetime,
            pinnedBytesMax,
        ] {
            bytes.add(number)
        }
        bytes.add(attempts.count)
        bytes.add(UInt32(attempts.isEnded ? 1 : 0))
        bytes.add(UInt32(0))
        let checksum = unsafe bytes.withUnsafeBytes { unsafe Checksum.of($0) }
        bytes.add(checksum)
        return bytes
    }

    /// Decodes a file. Returns nil unless it is whole and of this version.
    static func decode(_ bytes: [UInt8]) -> ConsumerState? {
        guard bytes.count == size, bytes.starts(with: magic) else { return nil }
        return unsafe bytes.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            guard reader.bytes(magic.count) != nil, reader.number(UInt32.self) == version,
                var state = fields(&reader), let count = reader.number(UInt32.self),
                let ended = reader.number(UInt32.self), reader.number(UInt32.self) == 0,
                let checksum = reader.number(UInt32.self),
                unsafe checksum == Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<(size - 4)])), ended <= 1
            else { return nil }
            state.attempts.count = count
            state.attempts.isEnded = ended == 1
            return state
        }
    }

    /// Decodes the fields of a newer version's file that each version has. Returns nil unless a newer version wrote it.
    static func decodeNewer(_ bytes: [UInt8]) -> ConsumerState? {
        guard bytes.starts(with: magic) else { return nil }
        return unsafe bytes.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            guard reader.bytes(magic.count) != nil, let newer = reader.number(UInt32.self), newer > version,
                var state = fields(&reader)
            else { return nil }
            if state.lifetime == 0 { state.lifetime = defaultLifetime }
            return state
        }
    }

    /// Reads the fields between the version and the attempts.
    private static func fields(_ reader: inout ByteReader) -> ConsumerState? {
        guard let process = reader.number(UInt32.self), let low = reader.number(UInt64.self),
            let high = reader.number(UInt64.self), let position = reader.number(UInt64.self),
            let start = reader.number(UInt64.self), let processStart = reader.number(UInt64.self),
            let savedAt = reader.number(Int64.self), let lifetime = reader.number(UInt64.self),
            let pinnedBytesMax = reader.number(UInt64.self), position <= SegmentHeader.countMax
        else { return nil }
        return ConsumerState(
            logID: LogID(low: low, high: high), position: position,
            attempts: ConsumerAttempts(start: start, count: 0, isEnded: true), process: process,
            processStart: processStart, savedAt: savedAt, lifetime: lifetime, pinnedBytesMax: pinnedBytesMax)
    }
}
