import Foundation

@testable import WAL

/// Files whose next sync fails, as on a disk that can't write a page. Every other call proceeds.
final class BadFiles: StorageHook {
    /// The identities of the files, by their inodes.
    private let inodes = Monitor<Set<ino_t>>([])

    /// Fails the next sync of a file.
    func add(_ path: String) {
        var status = stat()
        if unsafe stat(path, &status) == 0 { inodes.withLock { _ = $0.insert(status.st_ino) } }
    }

    /// Fails the next sync of the segment that takes records.
    func addActiveSegment(of log: WriteAheadLog) {
        if let segment = log.segments.last(where: { $0.state == .active }) { add(segment.path) }
    }

    func before(_ call: StorageCall) -> StorageVerdict {
        guard case .sync(let descriptor) = call else { return .proceed }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return .proceed }
        return inodes.withLock { $0.remove(status.st_ino) } == nil ? .proceed : .fail(EIO)
    }

    func after(_ call: StorageCall, result: Int) {}
}
