/// The decisions of a recovery, kept in a file from before its first step until the new segment is durable.
///
/// The steps leave files that look intact. Without this file, an opening after an interrupted recovery would decide
/// differently.
///
///     next sequence u64 | epoch u64 | size of the body u32 | checksum u32 of all but itself | recovery frame's body
struct RecoveryIntent {
    static let fileName = "RECOVERY"
    private static let headerSize = 24

    var nextSequence: UInt64
    var epoch: UInt64
    /// The body of the recovery frame.
    var body: [UInt8]
}

extension RecoveryIntent {
    /// Reads the intent. Nil if there is no file, or if the file is incomplete: then no step was taken.
    init?(in directory: Directory) throws(WALError) {
        guard let file = try ifExists({ () throws(WALError) in try File(Self.fileName, in: directory, .read) }) else {
            return nil
        }
        let bytes = try file.read(at: 0, count: min(try file.size(), 1 << 16))
        let found = unsafe bytes.withUnsafeBytes { bytes -> RecoveryIntent? in
            var reader = unsafe ByteReader(bytes)
            guard let nextSequence = reader.number(UInt64.self), let epoch = reader.number(UInt64.self),
                let size = reader.number(UInt32.self), let checksum = reader.number(UInt32.self),
                let body = reader.bytes(Int(size)), reader.remaining == 0
            else { return nil }
            guard max(nextSequence, epoch) <= SegmentHeader.countMax else { return nil }
            let intent = RecoveryIntent(nextSequence: nextSequence, epoch: epoch, body: body)
            return intent.checksum == checksum ? intent : nil
        }
        guard let found else { return nil }
        self = found
    }

    private var checksum: UInt32 {
        unsafe body.withUnsafeBytes {
            unsafe Checksum.of($0, after: Checksum.of(nextSequence, epoch, UInt64(body.count)))
        }
    }

    func write(in directory: Directory) throws(WALError) {
        var bytes: [UInt8] = []
        bytes.add(nextSequence)
        bytes.add(epoch)
        bytes.add(UInt32(body.count))
        bytes.add(checksum)
        try directory.replace(Self.fileName, with: bytes + body)
    }

    /// Removes the file, once the new segment records all of it.
    static func remove(from directory: Directory) throws(WALError) {
        guard directory.has(fileName) else { return }
        try directory.remove(fileName)
        try directory.sync()
    }
}
