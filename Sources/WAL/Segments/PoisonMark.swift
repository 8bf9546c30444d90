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
            set(number, in: directory)
            throw error
        }
    }

    /// Creates the mark, if it isn't there. If the disk rejects all writes, it can't be created.
    static func set(_ number: UInt64, in directory: Directory) {
        let name = SegmentName.poisoned(number)
        guard !directory.has(name) else { return }
        if (try? File(name, in: directory, .create)) == nil {
            // Another name of the segment's file takes neither an open file nor an inode, and the system may have run
            // out of them.
            try? directory.link(SegmentName.of(number), to: name, in: directory)
        }
        try? directory.sync()
    }
}
