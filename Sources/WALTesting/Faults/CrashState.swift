/// The files of a log at one moment, with what is durable in them and what was changed since, of which a power loss may keep any
/// part.
///
/// | What | What a power loss may leave of it |
/// | --- | --- |
/// | a page or a sector that was changed since its file was last synced | any contents that it had since, or the durable ones; each by itself |
/// | a file's size | any that it had since, or the durable one |
/// | an entry that was created, renamed, linked or removed since its directory was last synced | done or not, each by itself; a rename is done as a whole |
/// | what was synced | itself |
public struct CrashState: Sendable {
    /// What reaches the disk as a whole.
    public enum Unit: Int, Hashable, Sendable, CaseIterable {
        /// 512 bytes, as disks write them.
        case sector = 512
        /// 4096 bytes, as kernels hand them to disks.
        case page = 4096
    }

    /// Counts what happened to the files: two states of one storage with the same count are the same.
    public internal(set) var revision = 0

    typealias FileID = Int

    /// Counts changes.
    typealias Tick = Int

    struct File: Sendable {
        var durable: [UInt8]
        /// The contents of sectors that were changed since, the oldest first.
        var sectors: [Int: [(tick: Tick, bytes: [UInt8])]] = [:]
        var sizes: [(tick: Tick, size: Int)] = []

        static let sectorSize = Unit.sector.rawValue
    }

    enum Entry: Hashable, Sendable {
        case directory
        case file(FileID)
    }

    enum Change: Hashable, Sendable {
        case add(String, Entry)
        case remove(String)
        case rename(String, to: String, FileID)

        /// The directory that must be synced for it.
        var directory: String {
            switch self {
            case .add(let path, _), .remove(let path), .rename(_, let path, _): CrashState.parent(of: path)
            }
        }

        func apply(to entries: inout [String: Entry]) {
            switch self {
            case .add(let path, let entry): entries[path] = entry
            case .remove(let path): entries[path] = nil
            case .rename(let path, let newPath, let file):
                if entries[path] == .file(file) { entries[path] = nil }
                entries[newPath] = .file(file)
            }
        }
    }

    var files: [FileID: File] = [:]
    /// What is durable, by path below the root.
    var entries: [String: Entry] = [:]
    /// What isn't, in order.
    var changes: [(tick: Tick, change: Change)] = []

    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    /// All images that a power loss can leave, of changes that reach the disk in units of this size.
    public func images(of unit: Unit) -> CrashImages {
        CrashImages(self, unit)
    }
}
