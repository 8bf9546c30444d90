/// The mark of a segment file that a sync has failed for. What the kernel shows of it from then on may not be on the disk, and
/// another sync could say that all is well: whoever finds the mark has what is whole of the segment written anew.
enum PoisonMark {
    /// Makes a segment's file durable, or leaves the mark beside it.
    static func sync(_ file: File, number: UInt64, in directory: Directory) throws(WALError) {
        do throws(WALError) {
            try file.sync()
        } catch {
            // On a disk that takes nothing at all there is nobody to tell.
            _ = try? File(SegmentName.poisoned(number), in: directory, .create)
            try? directory.sync()
            throw error
        }
    }
}
