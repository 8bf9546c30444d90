/// A segment file made ready ahead of use: allocated, zeroed, mapped, its directory entry durable.
struct PreparedSegment: Sendable {
    let file: File
    let mapping: Mapping
    let number: UInt64
    let incarnation: UInt64

    /// Blocks are allocated by writing zeros, in writes of this size, because page-cache folios take the size of the write
    /// that made them, and a sync writes whole folios. Measured with 64 MiB segments on ext4 (kernel 6.18): preparing takes
    /// 98, 42, 31 and 23 ms with 4, 16, 32 and 64 KiB. A lone durable append has a median of 181 µs with 16 KiB, 184 to 199 µs
    /// with 32 and 64, and of 257 and 522 µs with 256 KiB and 1 MiB; on a faster disk 82 to 86 µs with 4 and 16 KiB, and 98
    /// to 101 µs with 64. So the smaller ones are for those who wait for each sync.
    private static func zeroingSize(_ policy: WriteAheadLog.SyncPolicy) -> Int {
        policy == .always ? 16 << 10 : 64 << 10
    }

    /// What is zeroed between two looks at whether there is a hurry.
    private static let pieceSize = 1 << 20

    /// Makes a segment file. Where appends will be synced, the zeros are synced here, or the first sync of a fresh segment
    /// would write them all (40 ms for 64 MiB), and the pages are left to be mapped by use: pages that are mapped and clean
    /// take a fault each. Where they won't be, the pages are mapped here. `pause` is called between pieces.
    static func make(
        in directory: Directory, number: UInt64, logID: LogID, capacity: Int, policy: WriteAheadLog.SyncPolicy,
        pause: () -> Void = {}
    ) throws(WALError) -> PreparedSegment {
        let isSynced = policy != .manual
        let zeroingSize = min(zeroingSize(policy), capacity)
        let name = SegmentName.of(number)
        let file = try File(SegmentName.temporary(number), in: directory, .create, finalName: name)
        do throws(WALError) {
            try file.lock()
            var source = SystemRandomNumberGenerator()
            let header = SegmentHeader(
                logID: logID, segmentNumber: number, incarnation: UInt64.random(in: 1 ... .max, using: &source),
                capacity: UInt64(capacity), state: .prepared)
            // A file under a segment's name always has a whole header: one that hasn't was damaged.
            try writeStart(of: file, header: header, count: zeroingSize)
            try file.sync()
            try directory.rename(SegmentName.temporary(number), to: name)
            try directory.sync()
            try writeZeros(to: file, capacity: capacity, in: zeroingSize, pause)
            if isSynced { try file.sync() }
            let mapping = try Mapping(file, size: capacity, isWritable: true)
            if !isSynced { mapping.populate() }
            return PreparedSegment(file: file, mapping: mapping, number: number, incarnation: header.incarnation)
        } catch {
            // What is left of a file that couldn't be completed takes up space that is wanted elsewhere.
            try? directory.remove(SegmentName.temporary(number))
            try? directory.remove(name)
            throw error
        }
    }

    private static func writeStart(of file: File, header: SegmentHeader, count: Int) throws(WALError) {
        var start = [UInt8](repeating: 0, count: count)
        unsafe start.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { unsafe header.encode(to: base) }
        }
        try file.write(start, at: 0)
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
