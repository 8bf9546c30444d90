/// Disk space to give back once the log is open: the tails of newly sealed files, and prepared files that were never
/// used.
///
/// Giving back a segment of 64 MiB takes the kernel about 10 ms, mostly for the page cache. So maintenance
/// does it when the log is already open. A segment that wasn't cut is still valid, and the next opening cuts it.
final class ReclaimableSpace: Sendable {
    private struct Content {
        /// Segments with a footer that isn't at the end of the file yet, and the size to cut the file to.
        var sealed: [(file: File, size: Int)] = []
        /// Open files whose names are removed. Closing one frees its space.
        var removed: [File] = []
    }

    private let content = Monitor(Content())

    func add(behind size: Int, of file: File) {
        content.withLock { $0.sealed.append((file, size)) }
    }

    func add(removed file: File) {
        content.withLock { $0.removed.append(file) }
    }

    /// Frees the space and closes the files. Throws the first error, after freeing the rest.
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
