/// The space that an opening has no use for: what lies behind the new footer of a segment, and files that were made ready and
/// never used. Giving it back takes the kernel some 10 ms for a segment of 64 MiB, most of it for the page cache; the maintenance
/// thread does it when the log is open already. A segment that wasn't cut is whole, and the next opening cuts it.
final class ReclaimableSpace: Sendable {
    private struct Content {
        /// Segments with a footer that isn't at the end of the file yet.
        var sealed: [(file: File, size: Int)] = []
        /// Files without a name any more: closing them frees them.
        var removed: [File] = []
    }

    private let content = Monitor(Content())

    func add(behind size: Int, of file: File) {
        content.withLock { $0.sealed.append((file, size)) }
    }

    func add(removed file: File) {
        content.withLock { $0.removed.append(file) }
    }

    /// Gives back what there is, and closes the files. Throws the first error; the rest is given back all the same.
    func release() throws(WALError) {
        let all = content.withLock { content in
            defer { content = Content() }
            return content
        }
        var failure: WALError?
        for (file, size) in all.sealed {
            do throws(WALError) { try file.truncate(to: size) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}
