/// A segment file made ready ahead of use: allocated, zeroed, mapped, its directory entry durable.
struct PreparedSegment: Sendable {
    let file: File
    let mapping: Mapping
    let number: UInt64
    let incarnation: UInt64

    /// Blocks are allocated by writing zeros, in writes of this size, because page-cache folios take the size of the write
    /// that made them, and a sync writes whole folios. Measured with 64 MiB segments on ext4 (kernel 6.18): a lone durable append
    /// has a median of 181 to 199 µs with 16 to 64 KiB, and of 257 and 522 µs with 256 KiB and 1 MiB; preparing takes
    /// 98, 31 and 23 ms with 4, 32 and 64 KiB.
    static let zeroingSize = 64 << 10

    /// Makes a segment file. Where appends will be synced, the zeros are synced here, or the first sync of a fresh segment
    /// would write them all (40 ms for 64 MiB), and the pages are left to be mapped by use: pages that are mapped and clean
    /// take a fault each. Where they won't be, the pages are mapped here.
    static func make(
        in directory: Directory, number: UInt64, logID: LogID, capacity: Int, isSynced: Bool
    ) throws(WALError) -> PreparedSegment {
        let name = SegmentName.of(number)
        let file = try File(
            directory.path(of: SegmentName.rewrite(number)), .create, finalPath: directory.path(of: name))
        do throws(WALError) {
            var source = SystemRandomNumberGenerator()
            let header = SegmentHeader(
                logID: logID, segmentNumber: number, incarnation: UInt64.random(in: 1 ... .max, using: &source),
                capacity: UInt64(capacity), state: .prepared)
            // A file under a segment's name always has a whole header: one that hasn't was damaged.
            try writeStart(of: file, header: header, capacity: capacity)
            try file.sync()
            try directory.rename(SegmentName.rewrite(number), to: name)
            try directory.sync()
            try writeZeros(to: file, from: min(zeroingSize, capacity), capacity: capacity)
            if isSynced { try file.sync() }
            let mapping = try Mapping(file, size: capacity, isWritable: true)
            if !isSynced { mapping.populate() }
            return PreparedSegment(file: file, mapping: mapping, number: number, incarnation: header.incarnation)
        } catch {
            // What is left of a file that couldn't be completed takes up space that is wanted elsewhere.
            try? directory.remove(SegmentName.rewrite(number))
            try? directory.remove(name)
            throw error
        }
    }

    private static func writeStart(of file: File, header: SegmentHeader, capacity: Int) throws(WALError) {
        var start = [UInt8](repeating: 0, count: min(zeroingSize, capacity))
        unsafe start.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { unsafe header.encode(to: base) }
        }
        try file.write(start, at: 0)
    }

    private static func writeZeros(to file: File, from start: Int, capacity: Int) throws(WALError) {
        let zeros = [UInt8](repeating: 0, count: zeroingSize)
        var offset = start
        while offset < capacity {
            let count = min(zeros.count, capacity - offset)
            try file.write(count == zeros.count ? zeros : Array(zeros[..<count]), at: offset)
            offset += count
        }
    }
}
