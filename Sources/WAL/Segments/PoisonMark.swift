/// The mark of a segment file for which a sync has failed.
///
/// After a failed sync, the bytes that the kernel returns may not be on the disk, and a second sync could succeed
/// wrongly. An opening that finds the mark copies the segment's valid frames to a new file.
enum PoisonMark {
    /// Makes a segment's file durable, or creates the mark next to it and throws.
    static func sync(_ file: File, number: UInt64, in directory: Directory) throws(WALError) {
        do throws(WALError) {
            try file.sync()
        } catch {
            // If the disk rejects all writes, the mark can't be created either.
            _ = try? File(SegmentName.poisoned(number), in: directory, .create)
            try? directory.sync()
            throw error
        }
    }
}
