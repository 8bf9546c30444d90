import Foundation

@testable import WAL

/// Files whose next sync fails, as on a disk that can't write a page. Every other call proceeds.
final class BadFiles: StorageHook {
    /// A new file may have the inode of a removed one, but not its name, too.
    private struct Mark: Hashable {
        var inode: ino_t
        var name: String
    }

    private let marks = Monitor<Set<Mark>>([])

    /// Fails the next sync of a file.
    func add(_ path: String) {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if let mark = Self.mark(of: descriptor) { marks.withLock { _ = $0.insert(mark) } }
    }

    private static func mark(of descriptor: Int32) -> Mark? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        #if os(Linux)
            let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        #else
            let name: String? = ""
        #endif
        return name.map { Mark(inode: status.st_ino, name: $0) }
    }

    /// Fails the next sync of the segment that takes records.
    func addActiveSegment(of log: WriteAheadLog) {
        if let segment = log.segments.last(where: { $0.state == .active }) { add(segment.path) }
    }

    func before(_ call: StorageCall) -> StorageVerdict {
        guard case .sync(let descriptor) = call, let mark = Self.mark(of: descriptor) else { return .proceed }
        return marks.withLock { $0.remove(mark) } == nil ? .proceed : .fail(EIO)
    }

    func after(_ call: StorageCall, result: Int) {}
}
