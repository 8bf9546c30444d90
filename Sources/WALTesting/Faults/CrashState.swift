/// The files of a log at one moment: their durable contents, and all later changes. A power loss may keep any part of
/// those changes.
///
/// | Data | Contents after a power loss |
/// | --- | --- |
/// | a page or a sector that was changed since the last sync of its file | any contents since then, or the durable ones; each unit by itself |
/// | a file's size | any size since the last sync, or the durable one |
/// | an entry that was created, renamed, linked or removed since the last sync of its directory | done or not, each by itself; a rename is atomic |
/// | synced data | unchanged |
public struct CrashState: Sendable {
    /// A unit of data that reaches the disk as a whole.
    public enum Unit: Int, Hashable, Sendable, CaseIterable {
        /// 512 bytes, the unit in which disks write.
        case sector = 512
        /// 4096 bytes, the unit in which kernels write to disks.
        case page = 4096
    }

    /// The number of changes to the files. Two states of one storage with the same number are equal.
    public internal(set) var revision = 0

    typealias FileID = Int

    /// A counter of changes.
    typealias Tick = Int

    struct File: Sendable {
        var durable: [UInt8]
        /// The contents of each sector that changed since the last sync, from the oldest to the newest.
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

        /// The directory whose sync makes the change durable.
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
    /// The durable entries, by path relative to the root.
    var entries: [String: Entry] = [:]
    /// The changes that aren't durable, in order.
    var changes: [(tick: Tick, change: Change)] = []

    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    /// Returns all images that a power loss can leave if changes reach the disk in units of one size.
    ///
    /// - Parameter unit: The unit.
    public func images(of unit: Unit) -> CrashImages {
        CrashImages(self, unit)
    }
}
