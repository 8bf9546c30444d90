/// A segment file that is ready for use: allocated, zeroed and mapped, with a durable directory entry.
struct PreparedSegment: Sendable {
    let file: File
    let mapping: Mapping
    /// The header that the file has, in the state *prepared*.
    let header: SegmentHeader
    var number: UInt64 { header.segmentNumber }

    /// The size of the writes that zero a file. Zeroing allocates the blocks.
    ///
    /// The size matters because page-cache folios take the size of the write that made them, and a sync writes whole
    /// folios. Small folios make syncs faster, so a log with the policy `always` uses small writes.
    ///
    /// Measured with 64 MiB segments on ext4 (kernel 6.18): preparing takes 98, 42, 31 and 23 ms with 4, 16, 32 and 64
    /// KiB. The median of a lone durable append is 181 µs with 16 KiB, 184 to 199 µs with 32 and 64 KiB, 257 µs with
    /// 256 KiB, and 522 µs with 1 MiB. On a faster disk it is 82 to 86 µs with 4 and 16 KiB, and 98 to 101 µs with 64
    /// KiB.
    private static func zeroingSize(_ policy: WriteAheadLog.SyncPolicy) -> Int {
        policy == .always ? 16 << 10 : 64 << 10
    }

    /// The capacity up to which pages are mapped by the producers' faults only.
    private static let populatedMin = 1 << 20

    /// The number of bytes that are zeroed between two calls of `pause`.
    private static let pieceSize = 1 << 20

    /// Makes a segment file. Calls `pause` between pieces.
    ///
    /// If appends will be synced, this function syncs the zeros with the header: otherwise the first sync of a new
    /// segment would write them all (40 ms for 64 MiB). It leaves the pages unmapped, because a page that is mapped and
    /// clean takes a fault at its first write anyway. If appends won't be synced, it maps the pages, except those of
    /// small files: a process can have many idle logs.
    static func make(
        in directory: Directory, number: UInt64, logID: LogID, capacity: Int, policy: WriteAheadLog.SyncPolicy,
        pause: () -> Void = {}
    ) throws(WALError) -> PreparedSegment {
        let isSynced = policy != .manual
        let zeroingSize = min(zeroingSize(policy), capacity)
        let name = SegmentName.of(number)
        guard !directory.has(name) else {
            throw WALError(
                .inputOutput,
                "\(directory.path(of: name)) is there, and the log hasn't made it. Close the log, and open it again.")
        }
        let file = try File(SegmentName.temporary(number), in: directory, .create, finalName: name)
        do throws(WALError) {
            try file.lock()
            let header = SegmentHeader(
                logID: logID, segmentNumber: number, incarnation: UInt64.random(in: 1 ... .max),
                capacity: UInt64(capacity), state: .prepared)
            try header.write(to: file, count: zeroingSize)
            if isSynced { try writeZeros(to: file, capacity: capacity, in: zeroingSize, pause) }
            // A file under a segment's name always has an intact header. A file without one was damaged.
            try file.sync()
            try directory.rename(SegmentName.temporary(number), to: name)
            try directory.sync()
            if !isSynced { try writeZeros(to: file, capacity: capacity, in: zeroingSize, pause) }
            let mapping = try Mapping(file, size: capacity, isWritable: true)
            if !isSynced, capacity > populatedMin { mapping.populate() }
            return PreparedSegment(file: file, mapping: mapping, header: header)
        } catch {
            // Remove the incomplete file: its space is needed elsewhere.
            try? directory.remove(SegmentName.temporary(number))
            try? directory.remove(name)
            throw error
        }
    }

    private static func writeZeros(
        to file: File, capacity: Int, in size: Int, _ pause: () -> Void
    ) throws(WALError) {
        let zeros = [UInt8](repeating: 0, count: size)
        var offset = size
        while offset < capacity {
            let count = min(zeros.count, capacity - offset)
            try file.write(count == zeros.count ? zeros : Array(zeros[..<count]), at: offset)
            offset += count
            if offset % pieceSize == 0 { pause() }
        }
    }
}
